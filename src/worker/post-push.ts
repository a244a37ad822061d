import type { Clock } from '../base/clock.ts';
import { parseJson } from '../base/json.ts';
import { isRecord, type JsonRecord } from '../base/record.ts';
import type { Content } from '../engine/content.ts';
import type { PlannedRelay } from './delivery-plans.ts';

/** An answer that another attempt would not change. */
export interface Answer {
  readonly status: number;
  readonly body: JsonRecord;
}

const requestMs = 60_000;
/** The browser itself tries again after five minutes at the earliest, and a network is slow at first. */
const waitsMs = [1_000, 2_000, 4_000, 8_000];

/** Pushes at the first of the relay's addresses that answers. Rejects if none does, or the relay is busy. */
export async function postPush(
  { urls, appVersion, ticket }: PlannedRelay,
  changes: readonly Content[],
  { fetch, clock }: { readonly fetch: typeof globalThis.fetch; readonly clock: Clock },
): Promise<Answer> {
  const body = JSON.stringify({ changes });
  const headers = {
    'content-type': 'application/json',
    ...(appVersion !== undefined && { 'x-app-version': appVersion }),
    ...(ticket?.token !== undefined && { authorization: `Bearer ${ticket.token}` }),
  };

  /** Undefined if another attempt may succeed. */
  async function attempt(url: string): Promise<Answer | undefined> {
    try {
      const response = await fetch(url, {
        method: 'POST',
        body,
        headers,
        cache: 'no-store',
        credentials: 'omit',
        // A ticket must not go to another server.
        redirect: 'error',
        signal: AbortSignal.timeout(requestMs),
      });
      const { status } = response;
      const answer = parseJson(await response.text());
      const isBusy = status === 429 && !isOverQuota(answer);
      if (isBusy || status >= 500) return undefined;
      // Such as the page of a network that asks its users to sign in.
      if (status === 200 && !(isRecord(answer) && Array.isArray(answer['accepted']))) return undefined;
      return { status, body: isRecord(answer) ? answer : {} };
    } catch {
      return undefined;
    }
  }

  for (const waitMs of [...waitsMs, undefined]) {
    for (const url of urls) {
      const answer = await attempt(url);
      if (answer) return answer;
    }
    if (waitMs !== undefined) await new Promise<void>((resolve) => clock.after(waitMs, resolve));
  }
  throw new Error('No relay took the edits. The browser tries again later.');
}

/** Room comes with what the person deletes, or with another quota: not soon. */
function isOverQuota(answer: unknown): boolean {
  return isRecord(answer) && isRecord(answer['error']) && answer['error']['code'] === 'quota';
}
