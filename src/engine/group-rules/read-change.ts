import { base58 } from '@scure/base';
import { everyone, type GroupChange, type MemberRole, type ParentRole } from './group-transaction.ts';

// GROUP-1: what a transaction of a group may look like. Everything else counts nowhere.

const letter = '[1-9A-HJ-NP-Za-km-z]';
/** Longer than cojson's. Without a limit, a long ID costs every reader time. */
const text = `${letter}{1,64}`;
/** 32 bytes. */
const key = `${letter}{32,44}`;
const accountID = `co_z${text}`;
const agentID = `sealer_z${key}/signer_z${key}`;
const keyID = `key_z${text}`;

const memberKey = new RegExp(`^(?:${everyone}|${accountID}|sealer_z(${key})/signer_z(${key}))$`);
const parentKey = new RegExp(`^parent_(${accountID})$`);
const writeKeyKey = new RegExp(`^writeKeyFor_(${accountID}|${agentID})$`);
const revelationKey = new RegExp(
  `^(${keyID})_(?:for_(${keyID}|${accountID}|${agentID}|${everyone})|sealedFor_(sealer_z${key}))$`,
);
const keyBytes = 32;
const longestKey = base58.encode(new Uint8Array(keyBytes).fill(255));
const keyIDValue = new RegExp(`^${keyID}$`);

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
  const [change] = Array.isArray(changes) ? (changes as readonly unknown[]) : [];
  if (!Array.isArray(changes) || changes.length !== 1 || typeof change !== 'object' || change === null)
    return malformed('Group transaction must have exactly one change');
  const { op, key, value } = change as Readonly<Record<string, unknown>>;
  if (op !== 'set' || typeof key !== 'string') return malformed('Group transaction must set a key');
  // No other key begins like the names of keys, which are the most.
  if (key.startsWith('key_')) return readKey(key, value);
  return readSetting(key, value) ?? readMember(key, value) ?? readParent(key, value) ?? readKey(key, value);
}

function readSetting(key: string, value: unknown): GroupChange | undefined {
  switch (key) {
    case 'readKey':
      return isKeyID(value)
        ? { kind: 'setting', key, value }
        : malformed('Group transaction must set a key ID');
    case 'groupSealer':
      return typeof value === 'string'
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
  const parts = memberKey.exec(member);
  if (!parts) return undefined;
  const [, sealer, signer] = parts;
  if (!hasKeyLength(sealer) || !hasKeyLength(signer))
    return malformed('Group transaction must name an account or agent');
  if (!memberRoles.includes(role)) return malformed('Group transaction must set a valid role');
  if (member === everyone && !everyoneRoles.includes(role))
    return malformed('Everyone can only be set to reader, writer, writeOnly or revoked');
  return { kind: 'role', member, role: role as MemberRole };
}

function readParent(key: string, role: unknown): GroupChange | undefined {
  const [, parentID] = parentKey.exec(key) ?? [];
  if (parentID === undefined) return undefined;
  if (!parentRoles.includes(role)) return malformed('Group transaction must set a valid role of a parent');
  return { kind: 'parent', parentID, role: role as ParentRole };
}

function readKey(key: string, value: unknown): GroupChange {
  const [, member] = writeKeyKey.exec(key) ?? [];
  if (member !== undefined && isKeyID(value)) return { kind: 'writeKey', member, keyID: value };
  const [, revealed, receiver, sealer] = revelationKey.exec(key) ?? [];
  const to = receiver ?? sealer;
  if (revealed !== undefined && to !== undefined && typeof value === 'string')
    return { kind: 'revelation', field: key, keyID: revealed, to };
  return malformed('Group transaction must set a role, a parent or a key');
}

/** Whether keys can be encrypted to this agent. */
export function isAgentID(id: string): boolean {
  const [, sealer, signer] = memberKey.exec(id) ?? [];
  return sealer !== undefined && hasKeyLength(sealer) && hasKeyLength(signer);
}

/** A key of another length could not be encrypted to, so no removal could replace the group's key. */
function hasKeyLength(key: string | undefined): boolean {
  if (key === undefined) return true;
  // Nearly all keys have 44 characters, begin with no zero, and are no greater than the last one of 32 bytes.
  if (key.length === longestKey.length && !key.startsWith('1') && key <= longestKey) return true;
  return base58.decode(key).length === keyBytes;
}

function isKeyID(value: unknown): value is string {
  return typeof value === 'string' && keyIDValue.test(value);
}

export function malformed(reason: string): GroupChange {
  return { kind: 'malformed', reason };
}
