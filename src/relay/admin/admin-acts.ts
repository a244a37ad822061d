import { oneLine } from '../../wire/one-line.ts';
import { isCoValueID } from '../../wire/ids.ts';
import type { JsonRecord } from '../../base/record.ts';
import type { ListedRelay } from '../operator/relay-list.ts';
import { maxRestrictions, type RestrictedTarget, type Restriction } from '../operator/restriction.ts';
import type { Serving } from '../serving/serving.ts';
import { ActRefusal, blockTargetOf, checkFields, type Act, type AdministeredRelay } from './act-fields.ts';
import { listQuotas, setQuota } from './quota-acts.ts';
import { withErasures } from './with-erasures.ts';
import { withTools } from './with-tools.ts';

const maxReasonLength = 200;
/** A date, or a time with its zone, so that it means the same everywhere. */
const timeForm = /^\d{4}-\d\d-\d\d(?:T\d\d:\d\d(?::\d\d(?:\.\d{1,3})?)?(?:Z|[+-]\d\d:\d\d))?$/;

/** Each takes exactly the fields named in it, and throws an `ActRefusal` for others. An export is no act of these: it is sent in pieces. */
const acts = {
  block: (fields, relay, nowMs) => restrict(blockTargetOf, fields, relay, nowMs),
  async unblock(fields, { restrictions }) {
    checkFields(fields, ['id']);
    const target = blockTargetOf(fields);
    return { id: target.id, wasBlocked: await restrictions.remove(target) };
  },
  blocks(fields, { restrictions }) {
    checkFields(fields, []);
    return { blocks: describeAll(restrictions.list(), ({ kind }) => kind !== 'covalue') };
  },
  'take-down': (fields, relay, nowMs) => restrict(coValueOf, fields, relay, nowMs),
  async 'put-back'(fields, { restrictions }) {
    checkFields(fields, ['id']);
    const target = coValueOf(fields);
    return { id: target.id, wasTakenDown: await restrictions.remove(target) };
  },
  takedowns(fields, { restrictions }) {
    checkFields(fields, []);
    return { takedowns: describeAll(restrictions.list(), ({ kind }) => kind === 'covalue') };
  },
  principals(fields, relay) {
    checkFields(fields, []);
    return describeUsers(relay.users());
  },
  quotas: listQuotas,
  quota: setQuota,
  async erase(fields, relay) {
    checkFields(fields, ['id', 'app', 'dryRun']);
    const { dryRun = false } = fields;
    if (typeof dryRun !== 'boolean') throw new ActRefusal('invalid', '`dryRun` is neither true nor false.');
    return withErasures<object>(fields, relay, (erasures, person) =>
      dryRun ? erasures.preview(person) : erasures.erase(person),
    );
  },
  certificates(fields, relay) {
    checkFields(fields, ['id', 'app']);
    return withErasures(fields, relay, async (erasures, { accountID }) => ({
      certificates: await erasures.certificates(accountID),
    }));
  },
  epoch(fields, relay) {
    checkFields(fields, ['app']);
    return withTools(fields, relay, async ({ renewEpoch }) => {
      const { id, epoch } = await renewEpoch();
      return { storageID: id, epoch };
    });
  },
  async relays(fields, relay) {
    checkFields(fields, []);
    return { relays: (await relay.relays()).map(describeRelay) };
  },
  drain(fields, relay) {
    checkFields(fields, []);
    relay.drain();
    return { isDraining: true };
  },
} as const satisfies Readonly<Record<string, Act>>;

export type ActName = keyof typeof acts;

export const actNames = Object.keys(acts) as readonly ActName[];

export function isActName(name: string): name is ActName {
  return Object.hasOwn(acts, name);
}

/** Resolves with what to answer. Rejects with an `ActRefusal`, or because the database failed. */
export async function performAct(
  name: ActName,
  fields: JsonRecord,
  relay: AdministeredRelay,
  nowMs: number,
): Promise<object> {
  const act: Act = acts[name];
  return act(fields, relay, nowMs);
}

async function restrict(
  targetOf: (fields: JsonRecord) => RestrictedTarget,
  fields: JsonRecord,
  { restrictions }: AdministeredRelay,
  nowMs: number,
): Promise<object> {
  checkFields(fields, ['id', 'reason', 'until']);
  const restriction: Restriction = {
    ...targetOf(fields),
    reason: reasonOf(fields),
    untilMs: untilOf(fields, nowMs),
    sinceMs: nowMs,
  };
  if (await restrictions.add(restriction)) return describe(restriction);
  throw new ActRefusal(
    'limit',
    `There are ${maxRestrictions} blocks and takedowns already. End some that are no longer needed.`,
  );
}

function coValueOf({ id }: JsonRecord): RestrictedTarget {
  if (isCoValueID(id)) return { kind: 'covalue', id };
  throw new ActRefusal('invalid', '`id` is not the ID of a CoValue, such as co_z….');
}

function reasonOf({ reason }: JsonRecord): string {
  const text = typeof reason === 'string' ? oneLine(reason).trim() : '';
  if (text !== '' && text.length <= maxReasonLength) return text;
  throw new ActRefusal(
    'invalid',
    `\`reason\` is missing, or longer than ${maxReasonLength} characters. Blocked people read it.`,
  );
}

function untilOf({ until }: JsonRecord, nowMs: number): number {
  if (until === undefined) return 0;
  const untilMs = typeof until === 'string' && timeForm.test(until) ? Date.parse(until) : NaN;
  if (untilMs > nowMs) return untilMs;
  throw new ActRefusal(
    'invalid',
    '`until` is no future time, such as 2027-01-31 or 2027-01-31T18:00:00Z. Leave it out if nothing but you ends this.',
  );
}

function describeAll(
  restrictions: readonly Restriction[],
  isIncluded: (restriction: Restriction) => boolean,
): readonly object[] {
  return restrictions.filter(isIncluded).map(describe);
}

function describe({ id, reason, sinceMs, untilMs }: Restriction): object {
  const until = untilMs > 0 && { until: new Date(untilMs).toISOString() };
  return { id, reason, since: new Date(sinceMs).toISOString(), ...until };
}

function describeRelay({ startedAtMs, seenAtMs, urls, ...relay }: ListedRelay): object {
  return {
    ...relay,
    ...(urls.length > 0 && { urls }),
    since: new Date(startedAtMs).toISOString(),
    lastSeen: new Date(seenAtMs).toISOString(),
  };
}

function describeUsers(users: ReturnType<Serving['users']>): object {
  const counts = new Map<string, { kind: string; id: string; connections: number }>();
  for (const user of users) {
    if (!user) continue;
    const { kind, id } = user;
    const known = counts.get(`${kind} ${id}`) ?? { kind, id, connections: 0 };
    known.connections++;
    counts.set(`${kind} ${id}`, known);
  }
  return { principals: [...counts.values()], notSignedIn: users.filter((user) => !user).length };
}
