import type { AgentID, RawGroup } from 'cojson';
import { createKernelError, isKernelError, type KernelError } from '../../base/kernel-error.ts';
import { groupIn } from '../../engine/covalue-access.ts';
import { getAvailableCoValue } from '../../engine/covalue-lookup.ts';
import { inviteAgentOf, inviteInvalid, joinByInvite, raises, roleOfInvite } from '../../engine/membership.ts';
import { pause } from '../../base/retry.ts';
import type { WaitOptions } from '../../sync/sync-peers.ts';
import type { AppCalls } from '../app-calls.ts';
import type { CollaborationParts } from '../app-parts.ts';
import { loadAborted, loadAfterClose, loadTimedOut, notFound } from '../loads/load-errors.ts';
import { ownRoleOf } from './group-roles.ts';
import { readInvite } from './read-invite.ts';
import type { Joined } from './sharing-types.ts';

interface Attempt {
  waiting: number;
  outcome?: Promise<Joined>;
}

const defaultTimeoutMs = 20_000;
/** Relays are asked again for what none of them has yet. */
const askEveryMs = 1_000;

export function createAcceptInvite(
  parts: CollaborationParts,
  sessionEnd: AbortSignal,
): AppCalls['acceptInvite'] {
  const { node, clock } = parts;
  /** By CoValue and invite: calls at the same time share one outcome, each within its own limits. */
  const attempts = new Map<string, Attempt>();

  return async (given, { signal, timeoutMs = defaultTimeoutMs } = {}) => {
    const { id, secret } = readInvite(given);
    const agentID = inviteAgentOf(node, secret);
    const key = `${id} ${agentID}`;
    const attempt = attempts.get(key) ?? { waiting: 0 };
    attempts.set(key, attempt);
    attempt.waiting++;
    try {
      const untilMs = clock.elapsedMs() + timeoutMs;
      const group = await loadInvitedGroup(parts, id, { signal, timeoutMs, untilMs, sessionEnd });
      const leftMs = untilMs - clock.elapsedMs();
      await untilListed(parts, group, { id, agentID, signal, timeoutMs, leftMs, sessionEnd });
      return await (attempt.outcome ??= join(parts, group, { id, agentID, secret }));
    } finally {
      if (--attempt.waiting === 0) attempts.delete(key);
    }
  };
}

/** Whoever is no member yet may read the group, and nothing that it owns. Its maker's device may upload it later. */
async function loadInvitedGroup(
  parts: CollaborationParts,
  id: string,
  limits: {
    readonly signal: AbortSignal | undefined;
    readonly timeoutMs: number;
    readonly untilMs: number;
    readonly sessionEnd: AbortSignal;
  },
): Promise<RawGroup> {
  const { node, clock } = parts;
  const { signal, timeoutMs, untilMs, sessionEnd } = limits;
  const ended = signal ? AbortSignal.any([signal, sessionEnd]) : sessionEnd;
  let leftMs = timeoutMs;
  while (!(await isThere(parts, id, { ...(signal && { signal }), timeoutMs: leftMs }))) {
    leftMs = untilMs - clock.elapsedMs();
    if (leftMs <= 0) throw notFound(id);
    await pause(Math.min(askEveryMs, leftMs), clock, ended);
  }
  const core = getAvailableCoValue(node, id);
  const group = core && groupIn(core);
  if (!group) throw inviteInvalid('unknown', undefined);
  return group;
}

async function isThere({ load }: CollaborationParts, id: string, options: WaitOptions): Promise<boolean> {
  try {
    await load(id, options);
  } catch (error) {
    if (isKernelError(error, 'CO_VALUE_NOT_FOUND')) return false;
    if (!isKernelError(error, 'CO_VALUE_FORBIDDEN')) throw error;
  }
  return true;
}

/** Its maker's device may upload the invite later than the link arrives. */
function untilListed(
  { sync, clock }: CollaborationParts,
  group: RawGroup,
  options: {
    readonly id: string;
    readonly agentID: AgentID;
    readonly signal: AbortSignal | undefined;
    readonly timeoutMs: number;
    readonly leftMs: number;
    readonly sessionEnd: AbortSignal;
  },
): Promise<void> {
  const { id, agentID, signal, timeoutMs, leftMs, sessionEnd } = options;

  function unlisted(): KernelError {
    const relays = sync.current.peers.filter(({ phase }) => phase !== 'closed');
    if (relays.length === 0) return loadTimedOut(id, timeoutMs, 'sync-off');
    const isOnline = relays.every(({ phase }) => phase === 'connected');
    return isOnline ? inviteInvalid('unknown', undefined) : loadTimedOut(id, timeoutMs, 'offline');
  }

  return new Promise((resolve, reject) => {
    const ended = new AbortController();
    const settle = (run: () => void) => () => {
      ended.abort();
      run();
    };
    const rejectWith = (error: () => KernelError) => settle(() => reject(error()));
    const check = () => {
      if (group.get(agentID) !== undefined) settle(resolve)();
    };
    const ends = [group.core.subscribe(check, false), clock.after(Math.max(leftMs, 0), rejectWith(unlisted))];
    ended.signal.addEventListener('abort', () => {
      for (const end of ends) end();
    });
    const until = { signal: ended.signal };
    signal?.addEventListener(
      'abort',
      rejectWith(() => loadAborted(id, signal)),
      until,
    );
    sessionEnd.addEventListener('abort', rejectWith(loadAfterClose), until);
    check();
  });
}

/** Changes nothing unless the invite gives more than this account has. */
async function join(
  { accountID }: CollaborationParts,
  group: RawGroup,
  { id, agentID, secret }: { readonly id: string; readonly agentID: AgentID; readonly secret: string },
): Promise<Joined> {
  const before = ownRoleOf(group, accountID);
  const given = roleOfInvite(group.get(agentID));
  if (given && raises(before, given)) await joinByInvite(group, secret, given);
  const role = ownRoleOf(group, accountID);
  if (role === undefined) throw given ? joinNotCounted(group.id) : inviteInvalid('revoked', undefined);
  return { id, groupID: group.id, role, wasMember: before !== undefined };
}

/** The group rules leave out what is dated far before the group. */
function joinNotCounted(groupID: string): KernelError {
  return createKernelError(
    'EDIT_NOT_COUNTED',
    `This account joined ${groupID}, but its edit does not count, probably because this device’s clock is wrong. Set the clock, and open the link again.`,
    { details: { ids: [groupID], reasons: ['other'] } },
  );
}
