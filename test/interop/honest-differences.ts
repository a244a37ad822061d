import type { Run } from './honest-world.ts';
import type { Shown, Verdict } from './shown.ts';

type Side = Run['shown'][number];

/** What is not as it should be; empty if all are equal and nothing honest was dropped. */
export function differencesOf(run: Run): readonly string[] {
  const [first] = run.shown;
  if (!first) return ['No client is there.'];
  const found = [...run.dropped, ...lostOf(run)];
  for (const { name, own, asKernel, asStock } of run.shown) {
    found.push(...verdictsApart(`all kernels, ${name}`, first.asKernel, asKernel));
    found.push(...verdictsApart(`all stock clients, ${name}`, first.asStock, asStock));
    // Stock cojson shows some late changes of groups only after the next load: see `late-changes`.
    if (!name.startsWith('k')) continue;
    found.push(...verdictsApart(`${name} after a reload`, own, asKernel));
    found.push(...contentApart(`${name} after a reload`, own, asKernel));
  }
  return [...found, ...readersApart(run, 'asKernel'), ...readersApart(run, 'asStock'), ...kindsApart(run)];
}

/** Transactions that are not everywhere. */
function lostOf({ lacking, shown, owners, parents }: Run): readonly string[] {
  // What counts nowhere may be refused, such as the keys that stock cojson makes in groups below.
  const isVoid = (key: string) => shown.every(({ own }) => own.verdicts[key]?.isValid !== true);
  // A replaced key comes in many transactions, of which those can count that reveal it to its maker.
  const sessionOf = (key: string) => key.slice(0, key.lastIndexOf(' '));
  const voidIn = new Set(lacking.flatMap(({ key }) => (isVoid(key) ? sessionOf(key) : [])));
  const isOfVoidKey = (key: string) =>
    voidIn.has(sessionOf(key)) &&
    shown.every(({ own }) => !own.verdicts[key] || isAboutKeys(own.verdicts[key]));
  const verdicts = Object.entries(shown[0]?.asKernel.verdicts ?? {});
  // RELAY-22: what guests wrote while everyone could is not taken any more once that has ended.
  const isByGuest = (key: string) => {
    const [id = '', sessionID = ''] = key.split(' ');
    const groups = groupsAbove(owners[id] ?? id, parents);
    const changes = verdicts.flatMap(([at, { changes = '' }]) =>
      groups.has(at.split(' ')[0] ?? '') ? changes : [],
    );
    const isNamed = changes.some((one) => one.includes(`"key":"${sessionID.split('_session_')[0]}"`));
    return !isNamed && changes.some((one) => /"everyone","value":"write(r|Only)"/.test(one));
  };
  // GROUP-3: what a link has done does not count where whoever revoked it had not seen that. Stock clients count it.
  const isByRevokedLink = (key: string) => {
    const [id = '', sessionID = ''] = key.split(' ');
    const change = `"key":"${sessionID.split('_session_')[0]}","value":"revoked"`;
    return (
      sessionID.startsWith('sealer_') &&
      verdicts.some(([at, { isValid, changes }]) => at.startsWith(id) && isValid && changes?.includes(change))
    );
  };
  const isExpected = (key: string) =>
    isVoid(key) || isOfVoidKey(key) || isByGuest(key) || isByRevokedLink(key);
  return lacking.flatMap(({ name, key }) => (isExpected(key) ? [] : `${name} has alone: ${key}`));
}

function groupsAbove(id: string, parents: Run['parents']): ReadonlySet<string> {
  const found = new Set([id]);
  for (const one of found) for (const parent of parents[one] ?? []) found.add(parent);
  return found;
}

function verdictsApart(title: string, one: Shown, other: Shown): readonly string[] {
  return Object.entries(one.verdicts).flatMap(([key, { isValid, reason }]) => {
    const same = other.verdicts[key];
    // A client that has just been opened has revealed keys to those who lacked them, which can end what others revealed.
    return same === undefined || same.isValid === isValid || isAboutKeys(same)
      ? []
      : `${title}: ${key} ${isValid} (${reason}) / ${same.isValid} (${same.reason})`;
  });
}

/** A client that runs on has the keys that it made when it had lost the right to, which it did not know. */
function contentApart(title: string, one: Shown, other: Shown): readonly string[] {
  const keys = new Set([...Object.keys(one.content), ...Object.keys(other.content)]);
  const hasSameKeys = (id = '') => hiddenOf(one, id).join() === hiddenOf(other, id).join();
  return [...keys].flatMap((key) =>
    one.content[key] === other.content[key] || !hasSameKeys(key.split(' ')[0])
      ? []
      : `${title}: ${key}\n  ${one.content[key]}\n  ${other.content[key]}`,
  );
}

/** All who have the keys of a CoValue see the same. Not all who may read it have them: see `kindsApart`. */
function readersApart({ shown, shared }: Run, kind: 'asKernel' | 'asStock'): readonly string[] {
  return shared.valueIDs.flatMap((id) => {
    const sides = new Map<string, { readonly name: string; readonly text: string }>();
    return shown.flatMap((side) => {
      const { content } = side[kind];
      const text = JSON.stringify(['map', 'history', 'list', 'text'].map((what) => content[`${id} ${what}`]));
      const hidden = JSON.stringify(hiddenOf(side[kind], id));
      const same = sides.get(hidden) ?? { name: side.name, text };
      sides.set(hidden, same);
      return same.text === text ? [] : `${kind} ${same.name} ${side.name}: ${id}\n  ${same.text}\n  ${text}`;
    });
  });
}

/** The edits that count and cannot be decrypted. */
function hiddenOf({ verdicts }: Shown, id = ''): readonly string[] {
  return Object.entries(verdicts).flatMap(([key, { isValid, changes }]) =>
    key.startsWith(id) && isValid && changes === undefined ? key : [],
  );
}

/** Where kernels and stock clients decide differently, and no rule of the kernel's is the reason. */
function kindsApart({ shown, shared, owners, parents }: Run): readonly string[] {
  const [side] = shown;
  if (!side) return [];
  const apart = apartSince(side, shared.groupIDs, parents);
  const isApart = (key: string, { atMs }: Verdict) => {
    const [id = ''] = key.split(' ');
    return atMs >= (apart.get(owners[id] ?? id) ?? Infinity);
  };
  const found: string[] = [];
  for (const [key, verdict] of Object.entries(side.asKernel.verdicts)) {
    const other = side.asStock.verdicts[key];
    if (!other || verdict.isValid === other.isValid || isAboutKeys(verdict)) continue;
    if (isApart(key, verdict) || (!verdict.isValid && isLeaving(key, verdict))) continue;
    found.push(
      `kernel ${verdict.isValid} (${verdict.reason}), stock ${other.isValid} (${other.reason}): ${key} ${verdict.changes}`,
    );
  }
  for (const { name, asKernel, asStock } of shown) {
    // Of two who replace a group's key at the same time, or who add members meanwhile, none reveals all keys to all. That is
    // cojson's, so it is allowed where stock cojson lacks the key, too.
    for (const key of hiddenOf(asKernel)) {
      const other = asStock.verdicts[key];
      if (other?.isValid && other.changes !== undefined && !isApart(key, other))
        found.push(`${name} reads with stock cojson alone: ${key} ${other.keyID}`);
    }
  }
  return found;
}

/** Rules that stock cojson does not have: the reasons by which the kernel counts less. */
const ownRules: readonly string[] = [
  // GROUP-2: stock cojson lets an invite lower its user's role.
  'Invites can only raise one account to their own role',
  // GROUP-3 and GROUP-7.
  'Only what an admin had seen before they removed its author counts',
  // GROUP-2: stock cojson lets managers set any parent.
  'Managers can only end parents',
  "Managers can't end a parent that gives admins",
];

/** By group: since when its roles can differ. Roles come from the group and from those above it. */
function apartSince(
  { asKernel, asStock }: Side,
  groupIDs: readonly string[],
  parents: Run['parents'],
): ReadonlyMap<string, number> {
  const since = new Map<string, number>();
  const lower = (id: string, ms: number) => {
    if (ms >= (since.get(id) ?? Infinity)) return false;
    since.set(id, ms);
    return true;
  };
  for (const [key, { isValid, reason, atMs }] of Object.entries(asKernel.verdicts)) {
    const [id = ''] = key.split(' ');
    if (
      groupIDs.includes(id) &&
      !isValid &&
      asStock.verdicts[key]?.isValid &&
      ownRules.includes(reason ?? '')
    )
      lower(id, atMs);
  }
  for (let isMoving = true; isMoving;) {
    isMoving = false;
    for (const id of groupIDs)
      for (const parent of parents[id] ?? []) if (lower(id, since.get(parent) ?? Infinity)) isMoving = true;
  }
  return since;
}

/** GROUP-2: whoever has no role changes nothing. In stock cojson they can leave. */
const isLeaving = (key: string, { changes = '' }: Verdict) => {
  const member = /"key":"(co_z\w+)","value":"revoked"/.exec(changes)?.[1];
  return member !== undefined && key.includes(` ${member}_session_`);
};

/** GROUP-4: who may reveal keys differs, and decides about nothing else, as long as all can read. */
const isAboutKeys = ({ changes = '' }: Verdict) => /^\[\{"op":"\w+","key":"(key_|writeKeyFor_)/.test(changes);
