import type { JSONWebKeySet } from 'jose';
import { parseJson } from '../../base/json.ts';
import { isRecord } from '../../base/record.ts';

const withinMs = 5_000;
const maxBytes = 100_000;

/** Rejects if the server does not answer in time, or not with a short key set. */
export async function readKeySet(url: URL, fetch = globalThis.fetch): Promise<JSONWebKeySet> {
  const response = await fetch(url, {
    headers: { accept: 'application/json' },
    redirect: 'error',
    signal: AbortSignal.timeout(withinMs),
  });
  if (!response.ok) throw new Error(`The identity server answered ${response.status}.`);
  const set: unknown = parseJson(await readText(response));
  if (!isRecord(set) || !Array.isArray(set.keys)) throw new Error('The identity server sent no key set.');
  return { keys: set.keys.filter(isRecord) };
}

async function readText({ body }: Response): Promise<string> {
  const decoder = new TextDecoder();
  let bytes = 0;
  let text = '';
  for await (const part of body ?? []) {
    bytes += part.byteLength;
    if (bytes > maxBytes) throw new Error(`The key set is longer than ${maxBytes} bytes.`);
    text += decoder.decode(part, { stream: true });
  }
  return text + decoder.decode();
}
