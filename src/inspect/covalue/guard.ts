import type { CoValueCore, LocalNode } from 'cojson';
import { isAuthorID, isCoValueID } from '../../wire/ids.ts';
import { isAppContent } from '../shared/app-content.ts';
import { hidden, shownValue, type ShownValue } from './shown-value.ts';

/** `app`: all that the account can read. `group`: roles, but no keys. `kernel`: nothing, because it holds secrets. */
export type Guard = 'app' | 'group' | 'kernel';

export function guardOf(coValue: CoValueCore, node: LocalNode): Guard {
  const header = coValue.verified?.header;
  if (header?.ruleset.type === 'group') return 'group';
  return isAppContent(header, node) ? 'app' : 'kernel';
}

const roles: ReadonlySet<unknown> = new Set([
  ...['admin', 'manager', 'writer', 'reader', 'writeOnly', 'revoked', 'extend'],
  ...['adminInvite', 'managerInvite', 'writerInvite', 'readerInvite', 'writeOnlyInvite'],
]);

export const everyone = 'everyone';

export function isMemberKey(key: string): boolean {
  return key === everyone || isAuthorID(key);
}

/** Displays only values known to be harmless: anything that cojson adds later stays hidden until reviewed. */
export function guardedValue(guard: Guard, key: string | undefined, value: unknown): ShownValue {
  if (guard === 'app') return shownValue(value);
  if (guard === 'kernel' || key === undefined) return hidden;
  if (isMemberKey(key) || isRelative(key)) return roles.has(value) ? shownValue(value) : hidden;
  if (key === 'profile' || key === 'root') return isCoValueID(value) ? shownValue(value) : hidden;
  return hidden;
}

function isRelative(key: string): boolean {
  return /^(?:parent|child)_/.test(key) && isCoValueID(key.slice(key.indexOf('_') + 1));
}
