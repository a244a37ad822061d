import { base58 } from '@scure/base';
import { coValueID as accountID, letter, text } from './named-covalues.ts';
import { everyone, type GroupChange, type MemberRole, type ParentRole } from './group-transaction.ts';

// GROUP-1: what a transaction of a group may look like. Everything else counts nowhere.

/** 32 bytes. */
const key = `${letter}{32,44}`;
const agentID = `sealer_z${key}/signer_z${key}`;
const keyID = `key_z${text}`;

const accountKey = new RegExp(`^${accountID}$`);
const agentKey = new RegExp(`^sealer_z(${key})/signer_z(${key})$`);
const parentKey = new RegExp(`^parent_(${accountID})$`);
const writeKeyKey = new RegExp(`^writeKeyFor_(${accountID}|${agentID})$`);
const [forMember, forSealer] = ['_for_', '_sealedFor_'];
const revelationKey = new RegExp(
  `^${keyID}(?:${forMember}(?:${keyID}|${accountID}|${agentID}|${everyone})|${forSealer}sealer_z${key})$`,
);
const keyBytes = 32;
const lastKey = base58.encode(new Uint8Array(keyBytes).fill(255));
const firstKey = base58.encode(new Uint8Array(keyBytes).fill(1, 0, 1));
const keyIDValue = new RegExp(`^${keyID}$`);
/** Of groups from before cojson put a key's ID before it, a sealer alone. */
const sealerValue = new RegExp(`^(?:${keyID}@)?sealer_z(${key})$`);

const everyoneRoles: readonly unknown[] = ['reader', 'writer', 'writeOnly', 'revoked'];
const parentRoles: readonly unknown[] = ['extend', 'admin', 'manager', 'writer', 'reader', 'revoked'];
const accountRoles = ['admin', 'manager', 'writer', 'reader', 'writeOnly'];
const memberRoles: readonly unknown[] = [
  'revoked',
  ...accountRoles,
  ...accountRoles.map((role) => `${role}Invite`),
];

/** Reads what a trusting transaction changes. Its changes can be any JSON. */
export function readGroupChange(changes: unknown): GroupChange {
  const change: unknown = Array.isArray(changes) && changes.length === 1 ? changes[0] : undefined;
  if (typeof change !== 'object' || change === null)
    return malformed('Group transaction must have exactly one change');
  const { op, key, value } = change as Readonly<Record<string, unknown>>;
  if (op !== 'set' || typeof key !== 'string') return malformed('Group transaction must set a key');
  // No other key begins like the names of keys, which are the most.
  if (isRevelationKey(key)) return readRevelation(key, value);
  return (
    readSetting(key, value) ?? readMember(key, value) ?? readParent(key, value) ?? readWriteKey(key, value)
  );
}

export function isRevelationKey(key: string): boolean {
  return key.startsWith('key_');
}

function readSetting(key: string, value: unknown): GroupChange | undefined {
  switch (key) {
    case 'readKey':
      return isKeyID(value)
        ? { kind: 'setting', key, value }
        : malformed('Group transaction must set a key ID');
    case 'groupSealer':
      return isSealer(value)
        ? { kind: 'setting', key, value }
        : malformed('Group transaction must set a sealer ID');
    case 'profile':
    case 'root':
      return value === null || typeof value === 'string'
        ? { kind: 'setting', key, value }
        : malformed('Group transaction must set an ID');
    default:
      return undefined;
  }
}

function readMember(member: string, role: unknown): GroupChange | undefined {
  if (member.startsWith('sealer_')) {
    if (!isAgentID(member)) return malformed('Group transaction must name an account or agent');
  } else if (member !== everyone && !accountKey.test(member)) return undefined;
  if (!memberRoles.includes(role)) return malformed('Group transaction must set a valid role');
  if (member === everyone && !everyoneRoles.includes(role))
    return malformed('Everyone can only be set to reader, writer, writeOnly or revoked');
  return { kind: 'role', member, role: role as MemberRole };
}

function readParent(key: string, role: unknown): GroupChange | undefined {
  const parentID = parentKey.exec(key)?.[1];
  if (parentID === undefined) return undefined;
  if (!parentRoles.includes(role)) return malformed('Group transaction must set a valid role of a parent');
  return { kind: 'parent', parentID, role: role as ParentRole };
}

function readWriteKey(key: string, keyID: unknown): GroupChange {
  const member = writeKeyKey.exec(key)?.[1];
  return member !== undefined && isKeyID(keyID) ? { kind: 'writeKey', member, keyID } : unknownChange;
}

/** A key is revealed to each member in turn. The same string object is compared and looked up faster than an equal one. */
let lastRevealed = '';

function readRevelation(field: string, secret: unknown): GroupChange {
  if (typeof secret !== 'string' || !revelationKey.test(field)) return unknownChange;
  // Slices cost less than groups of the expression.
  const end = field.indexOf('_', 'key_'.length);
  if (lastRevealed.length !== end || !field.startsWith(lastRevealed)) lastRevealed = field.slice(0, end);
  const toStart = end + (field.startsWith(forMember, end) ? forMember : forSealer).length;
  return { kind: 'revelation', field, keyID: lastRevealed, to: field.slice(toStart) };
}

/** Whether keys can be encrypted to this agent. */
export function isAgentID(id: string): boolean {
  const parts = agentKey.exec(id);
  const [sealer, signer] = [parts?.[1], parts?.[2]];
  return sealer !== undefined && signer !== undefined && hasKeyLength(sealer) && hasKeyLength(signer);
}

/** A key of another length could not be encrypted to, so no removal could replace the group's key. */
export function hasKeyLength(key: string): boolean {
  // The alphabet is in the order of its characters, so of keys without a leading zero, those between these two have 32 bytes.
  const hasZero = key.startsWith('1');
  if (!hasZero && key.length === lastKey.length) return key <= lastKey;
  if (!hasZero && key.length === firstKey.length) return key >= firstKey;
  return base58.decode(key).length === keyBytes;
}

/** Otherwise no key below could be revealed to the group, and none replaced. */
function isSealer(value: unknown): value is string {
  const sealer = typeof value === 'string' ? sealerValue.exec(value)?.[1] : undefined;
  return sealer !== undefined && hasKeyLength(sealer);
}

function isKeyID(value: unknown): value is string {
  return typeof value === 'string' && keyIDValue.test(value);
}

export function malformed(reason: string): GroupChange {
  return { kind: 'malformed', reason };
}

const unknownChange = malformed('Group transaction must set a role, a parent or a key');
