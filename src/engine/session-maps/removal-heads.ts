import type { CoValueCore, LocalNode } from 'cojson';
import { authorOf } from '../content.ts';
import { getKnownCoValue } from '../covalue-lookup.ts';
import { changesAhead } from '../group-rules/group-in-memory.ts';
import { subjectOf, type GroupChange } from '../group-rules/group-transaction.ts';
import { readGroupChange } from '../group-rules/read-change.ts';
import { readEarlier } from '../group-rules/read-meta.ts';
import { wrapSigning, type SessionMapLayer } from './session-maps.ts';

export interface RemovalHeads {
  /** Sets the node in whose groups members are removed. */
  follow(node: LocalNode): void;
}

/** Anyone with a link can begin any number of sessions. */
const maxSessions = 1_000;

type Counts = Readonly<Record<string, number>>;

/**
 * Signs with the changes of a group how much of some sessions was here, which `revocation-heads` explains. `meta.heads`, with
 * each role but those that change roles, and so with each removal and each lesser role: every session of the member.
 * `meta.ahead`: the sessions that change the same at a later date. Stock cojson ignores both.
 */
export function createRemovalHeads(): RemovalHeads & { readonly layer: SessionMapLayer } {
  let nodeOfSession: LocalNode | undefined;
  return {
    follow(node) {
      nodeOfSession = node;
    },
    layer: (createBelow, coValueID) =>
      wrapSigning(createBelow(), ({ makeNewTrustingTransaction: make }) => ({
        makeNewTrustingTransaction: (sessionID, signerSecret, changes, meta, madeAt) => {
          const core = nodeOfSession && getKnownCoValue(nodeOfSession, coValueID);
          const seen = core?.isGroup() ? seenBefore(core, changes, madeAt - earlierIn(sessionID, meta)) : {};
          return make(sessionID, signerSecret, changes, withSeen(meta, seen), madeAt);
        },
      })),
  };
}

function seenBefore(
  core: CoValueCore,
  changesJson: string,
  dateMs: number,
): Readonly<Record<string, Counts>> {
  const change = readGroupChange(JSON.parse(changesJson));
  const ahead = aheadOf(core, change, dateMs);
  const isDemotion = change.kind === 'role' && change.role !== 'admin' && change.role !== 'manager';
  return { ...(isDemotion && { heads: headsOf(core, change.member) }), ...(ahead && { ahead }) };
}

/** What is written again counts at its own date. */
function earlierIn(sessionID: string, metaJson: string | undefined): number {
  return (metaJson?.includes('"mi"') && readEarlier(authorOf(sessionID), JSON.parse(metaJson))) || 0;
}

/** Those of authors with a role first. Undefined if there is none. */
function aheadOf(core: CoValueCore, change: GroupChange, dateMs: number): Counts | undefined {
  if (core.latestTxMadeAt <= dateMs || subjectOf(change) === undefined) return undefined;
  const found = changesAhead(core, change, dateMs);
  const [withRole, others] = [found.filter(({ role }) => role), found.filter(({ role }) => !role)];
  const sessions = new Set([...withRole, ...others].map(({ transaction }) => transaction.sessionID));
  const { sessions: counts } = core.knownState();
  return sessions.size === 0
    ? undefined
    : Object.fromEntries(
        [...sessions].slice(0, maxSessions).map((id) => [id, counts[id as keyof typeof counts] ?? 0]),
      );
}

function headsOf(core: CoValueCore, member: string): Counts {
  const sessions = Object.entries(core.knownState().sessions);
  return Object.fromEntries(sessions.filter(([sessionID]) => sessionID.startsWith(`${member}_session_`)));
}

function withSeen(metaJson: string | undefined, seen: Readonly<Record<string, Counts>>): string | undefined {
  if (Object.keys(seen).length === 0) return metaJson;
  const meta = metaJson === undefined ? {} : (JSON.parse(metaJson) as Readonly<Record<string, unknown>>);
  return JSON.stringify({ ...meta, ...seen });
}
