import { createKernelError, type KernelError } from '../../base/kernel-error.ts';
import { isMapKey } from '../reading/change-shapes.ts';
import type { Role } from '../../base/role.ts';

/** cojson's limit for one transaction: bytes of its changes as JSON. */
export const maxTransactionBytes = 1_048_576;

/** `id` is the CoValue or, if it was not created yet, its group. */
export function writeForbidden(id: string, role: Role | undefined): KernelError {
  const reason = role === undefined ? 'it is not a member of the group' : `its role is ${role}`;
  return createKernelError(
    'WRITE_FORBIDDEN',
    `This account may not make this edit, because ${reason}. Nothing was changed. Ask a manager or an admin of the group for another role.`,
    { details: { id, role } },
  );
}

/** No device would count it. */
export function privateInGroup(id: string): KernelError {
  return createKernelError(
    'WRITE_FORBIDDEN',
    `The group ${id} takes no private edits. Nothing was changed. Change it with its own methods, such as addMember and extend, and keep data in a CoValue of the group.`,
    { details: { id, role: undefined } },
  );
}

/** Of a change of the role of an admin of the group. */
export function adminStays(groupID: string, role: Role | undefined): KernelError {
  return createKernelError(
    'WRITE_FORBIDDEN',
    `No other account can take away an admin’s role in ${groupID}. Nothing was changed. Ask the admin to give it up themselves, or create a group without them.`,
    { details: { id: groupID, role } },
  );
}

/** Undefined if the changes are within the limit. `id` is absent if the CoValue was to be created with them. */
export function tooLarge(id: string | undefined, changesJson: string): KernelError | undefined {
  // UTF-8 takes at most three bytes for each unit of a string.
  if (changesJson.length * 3 <= maxTransactionBytes) return undefined;
  const bytes = new TextEncoder().encode(changesJson).length;
  if (bytes <= maxTransactionBytes) return undefined;
  return createKernelError(
    'VALUE_TOO_LARGE',
    `The edit takes ${bytes} bytes; the limit for a single edit is ${maxTransactionBytes}. Nothing was changed. Split it into several edits, or write a binary stream.`,
    { details: { ...(id !== undefined && { id }), bytes, limitBytes: maxTransactionBytes } },
  );
}

/** Of changes of a map; undefined if it can have all of their keys. `id` is absent if it was not created yet. */
export function reservedKey(id: string | undefined, changes: readonly unknown[]): KernelError | undefined {
  const keys = changes.map((change) => String((change as { readonly key?: unknown } | null)?.key));
  const key = keys.find((one) => !isMapKey(one));
  if (key === undefined) return undefined;
  return createKernelError(
    'KEY_RESERVED',
    `A map cannot have the key “${key}”, which every JavaScript object has. Nothing was changed. Use another key, for example with a prefix.`,
    { details: { ...(id !== undefined && { id }), key } },
  );
}
