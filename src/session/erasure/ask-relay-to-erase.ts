import type { LocalNode } from 'cojson';
import { createKernelError, type KernelError } from '../../base/kernel-error.ts';
import { parseJson } from '../../base/json.ts';
import { isRecord } from '../../base/record.ts';
import { pause } from '../../base/retry.ts';
import type { Platform } from '../../platform/platform.ts';
import { isThisMachine } from '../../sync/relay-targets.ts';
import type { RelayTarget } from '../../sync/sync-peers.ts';
import { oneLine, withoutSecrets } from '../../wire/one-line.ts';
import { isRefusalCode } from '../../wire/refusal-code.ts';
import type { ErasureProof, ErasurePurpose, SignedErasureProof } from '../../wire/erasure.ts';

export interface AskedRelay {
  /** Fail-over addresses of one relay. */
  readonly urls: readonly string[];
  readonly auth: RelayTarget['auth'] | undefined;
}

export interface AskOptions {
  readonly platform: Pick<Platform, 'fetch' | 'clock'>;
  readonly node: LocalNode;
  readonly sign: (proof: Pick<ErasureProof, 'purpose' | 'nonce' | 'audience'>) => SignedErasureProof;
  readonly signal: AbortSignal | undefined;
}

/** An address that answers, and the nonce that it gave. */
export interface ReachedRelay extends AskedRelay {
  readonly url: URL;
  readonly nonce: string;
}

const nonceMs = 10_000;
/** An erasure reads all tables of the relay. */
const answerMs = 300_000;

/** Rejects with RELAY_UNREACHABLE, or with what a relay answered. */
export async function reachRelay(relay: AskedRelay, options: AskOptions): Promise<ReachedRelay> {
  let failure: unknown;
  for (const text of relay.urls) {
    const url = new URL(text);
    try {
      const answer = await post(url, 'nonce?for=erasure', undefined, {}, nonceMs, options);
      const nonce = isRecord(answer) ? answer['nonce'] : undefined;
      if (typeof nonce !== 'string') throw cannotErase(url);
      return { ...relay, url, nonce };
    } catch (error) {
      failure ??= error;
    }
  }
  throw failure;
}

/** Resolves with the answer, or with undefined if the relay has nothing of the account. */
export async function askRelay(
  relay: ReachedRelay,
  purpose: ErasurePurpose,
  options: AskOptions,
): Promise<unknown> {
  const { url, nonce, auth } = relay;
  const audience = `${url.protocol}//${url.host}${url.pathname}`;
  const body = JSON.stringify(options.sign({ purpose, nonce, audience }));
  return post(url, 'erase', body, await tokenOf(url, auth), answerMs, options);
}

/** A token goes only where sync would send it. */
async function tokenOf(url: URL, auth: RelayTarget['auth'] | undefined): Promise<Record<string, string>> {
  if (typeof auth !== 'object' || (url.protocol !== 'wss:' && !isThisMachine(url.hostname))) return {};
  return { authorization: `Bearer ${await auth.token()}` };
}

async function post(
  url: URL,
  part: string,
  body: string | undefined,
  headers: Readonly<Record<string, string>>,
  withinMs: number,
  { platform, signal }: AskOptions,
): Promise<unknown> {
  const ending = new AbortController();
  const end = () => ending.abort();
  signal?.addEventListener('abort', end);
  void pause(withinMs, platform.clock, ending.signal).then(end);
  try {
    const address = `${url.href.replace(/^ws/, 'http').replace(/[?#].*$/, '')}/${part}`;
    const response = await platform.fetch(address, {
      method: 'POST',
      ...(body !== undefined && { body }),
      headers: { 'content-type': 'application/json', ...headers },
      ...{ signal: ending.signal, cache: 'no-store', credentials: 'omit', redirect: 'error' },
    });
    const answer = parseJson(await response.text());
    if (response.ok && answer !== undefined) return answer;
    return refused(url, answer);
  } catch (cause) {
    if (signal?.aborted)
      throw createKernelError('ABORTED', 'The erasure was aborted. A relay may go on with it.');
    throw cause instanceof Error && 'code' in cause && 'details' in cause ? cause : unreachable(url, cause);
  } finally {
    signal?.removeEventListener('abort', end);
    end();
  }
}

/** Throws unless the relay has nothing of the account. */
function refused(url: URL, answer: unknown): undefined {
  const error = isRecord(answer) ? answer['error'] : undefined;
  if (!isRecord(error)) throw cannotErase(url);
  if (error['code'] === 'not-found') return undefined;
  const code = error['code'];
  const reason = withoutSecrets(oneLine(String(error['message']).slice(0, 1_000)));
  throw createKernelError('RELAY_REFUSED', `The relay at ${url.host} refused: ${reason}`, {
    details: { refusal: isRefusalCode(code) ? code : 'unknown', reason },
  });
}

function cannotErase({ host }: URL): KernelError {
  const reason = 'It does not answer as a relay that can erase accounts does.';
  return createKernelError(
    'RELAY_REFUSED',
    `The relay at ${host} cannot erase accounts. Its operator has to upgrade it, or allow such requests.`,
    { details: { refusal: 'unknown', reason } },
  );
}

function unreachable({ host }: URL, cause: unknown): KernelError {
  return createKernelError(
    'RELAY_UNREACHABLE',
    `The relay at ${host} did not answer. Try again when it can be reached.`,
    { cause },
  );
}
