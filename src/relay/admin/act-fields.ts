import { parseJson } from '../../base/json.ts';
import type { JsonRecord } from '../../base/record.ts';
import { isCoValueID } from '../../wire/ids.ts';
import { maxPrincipalLength } from '../auth/principal.ts';
import type { ListedRelay } from '../operator/relay-list.ts';
import type { RestrictedTarget } from '../operator/restriction.ts';
import type { Serving } from '../serving/serving.ts';
import { ActRefusal } from './act-refusal.ts';

export { ActRefusal };

/** Does what an operator asks. Throws an `ActRefusal` for fields that it does not have. */
export type Act = (fields: JsonRecord, relay: AdministeredRelay, nowMs: number) => Promise<object> | object;

/** What the acts work on. */
export interface AdministeredRelay extends Pick<
  Serving,
  'restrictions' | 'users' | 'quotas' | 'usageOf' | 'visit'
> {
  /** Those of the storage. */
  relays(): Promise<readonly ListedRelay[]>;
  /** Stops the relay, as SIGTERM does. */
  drain(): void;
}

export function checkFields(fields: JsonRecord, known: readonly string[]): void {
  const all = known.length === 0 ? 'none' : known.join(', ');
  if (Object.keys(fields).some((name) => !known.includes(name)))
    throw new ActRefusal('invalid', `There is a field that this act does not have. It has: ${all}.`);
}

/** An account, or a user of a token. */
export function blockTargetOf({ id }: JsonRecord): RestrictedTarget {
  if (isCoValueID(id)) return { kind: 'account', id };
  const principal = typeof id === 'string' && id.length <= maxPrincipalLength ? parseJson(id) : undefined;
  if (
    Array.isArray(principal) &&
    principal.length === 2 &&
    principal.every((part) => typeof part === 'string')
  )
    return { kind: 'principal', id: JSON.stringify(principal) };
  throw new ActRefusal(
    'invalid',
    '`id` is neither the ID of an account, such as co_z…, nor a principal as `principals` lists it, such as ["https://id.example.org","user-1"].',
  );
}
