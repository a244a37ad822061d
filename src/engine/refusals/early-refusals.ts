import { CoValueCore, RawGroup, type JsonObject, type JsonValue, type RawCoValue } from 'cojson';
import { mayWrite, memberRoleIn } from '../covalue-access.ts';
import { deletedCoValue } from '../covalue-errors.ts';
import { checkRole } from './check-role.ts';
import { isDeletion, mayDelete, restrictsDeletions } from './restricted-deletions.ts';
import { reservedKey, tooLarge, writeForbidden } from './write-errors.ts';

type Create = (this: RawGroup, init: unknown, ...rest: unknown[]) => unknown;

let isPatched = false;

/**
 * Throws the kernel's errors where cojson refuses an edit before it makes a transaction, and where values that nobody could
 * read, or that are too large, would leave a new CoValue without its first transaction. Makes an edit of what every other device
 * will read. Process-wide and idempotent.
 */
export function patchRefusals(): void {
  if (isPatched) return;
  isPatched = true;
  const { prototype } = RawGroup;
  const { deleteCoValue, makeTransaction } = CoValueCore.prototype;
  const assertCanWrite = Reflect.get(prototype, 'assertCanWrite') as (this: RawGroup) => void;
  Reflect.set(prototype, 'assertCanWrite', function (this: RawGroup) {
    try {
      assertCanWrite.call(this);
    } catch {
      throw writeForbidden(this.id, memberRoleIn(this));
    }
  });
  for (const [name, changesOf] of creations) {
    const create = prototype[name] as Create;
    Reflect.set(prototype, name, function (this: RawGroup, init: unknown, ...rest: unknown[]) {
      const isInit = typeof init === 'object' && init !== null;
      if (isInit) assertCanCreate(name, changesOf(init));
      return create.call(this, init, ...rest);
    });
  }
  // cojson logs an error, and the caller takes the edit for made.
  CoValueCore.prototype.makeTransaction = function (changes, privacy, meta, madeAt) {
    if (this.isDeleted && !meta?.['deleted']) throw deletedCoValue(this.id);
    const isMerge = meta !== undefined && 'mi' in meta;
    if (!isMerge && restrictsDeletions(this) && isDeletion(changes)) checkRole(this, mayDelete);
    const error = !isMerge && isMap(this) ? reservedKey(this.id, changes) : undefined;
    if (error) throw error;
    try {
      return makeTransaction.call(this, asStored(changes), privacy, meta, madeAt);
    } catch (error) {
      // Without a role, there is no key to encrypt the edit with either.
      if (String(error).includes('without read key')) checkRole(this, mayWrite);
      throw error;
    }
  };
  CoValueCore.prototype.deleteCoValue = function () {
    const refusal = this.isDeleted ? undefined : this.validateDeletePermissions().reason;
    const group = refusal === 'NotAdmin' && this.safeGetGroup();
    if (group) throw writeForbidden(this.id, memberRoleIn(group));
    deleteCoValue.call(this);
  };
}

/**
 * cojson keeps the objects that the app passed in. What the app changes in them later, or what JSON has no form for, such as a Date,
 * would show on this device until it reloads.
 */
function asStored(changes: JsonValue[]): JsonValue[] {
  return changes.map((change) => (isFlat(change) ? { ...change } : storedForm(change)));
}

/** The chunks of a file, for example, whose text is long. */
function isFlat(change: JsonValue): change is JsonObject {
  if (typeof change !== 'object' || change === null || Array.isArray(change)) return false;
  return Object.values(change).every((value) => typeof value === 'string');
}

function storedForm(value: JsonValue): JsonValue {
  return (JSON.parse(JSON.stringify([value])) as [JsonValue])[0];
}

type Creation = 'createMap' | 'createList' | 'createStream';

/** What cojson makes of a new CoValue's first value. */
const creations: readonly (readonly [name: Creation, changesOf: (init: object) => unknown])[] = [
  ['createMap', mapChanges],
  ['createList', (init) => (init as unknown[]).map(listChange)],
  ['createStream', (init) => init],
];

function assertCanCreate(name: Creation, changes: unknown): void {
  const error =
    (name === 'createMap' ? reservedKey(undefined, changes as unknown[]) : undefined) ??
    tooLarge(undefined, JSON.stringify(changes));
  if (error) throw error;
}

/** The group rules check the keys of groups. */
function isMap(core: CoValueCore): boolean {
  return core.verified?.header.type === 'comap' && !core.isGroupOrAccount();
}

function mapChanges(init: object): unknown {
  return Object.entries(init).map(([key, value]) => ({ op: 'set', key, value: idOrValue(value) }));
}

function listChange(item: unknown): unknown {
  return { op: 'app', value: idOrValue(item), after: 'start' };
}

/** cojson stores the ID of a CoValue. */
function idOrValue(value: unknown): unknown {
  const core: unknown = typeof value === 'object' && value !== null && Reflect.get(value, 'core');
  return core instanceof CoValueCore ? (value as RawCoValue).id : value;
}
