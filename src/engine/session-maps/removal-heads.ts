import type { CoValueCore, LocalNode } from 'cojson';
import { authorOf } from '../content.ts';
import { getKnownCoValue } from '../covalue-lookup.ts';
import { changesAhead, changesBy } from '../group-rules/group-in-memory.ts';
import { subjectOf, type GroupChange, type GroupTransaction } from '../group-rules/group-transaction.ts';
import { readGroupChange } from '../group-rules/read-change.ts';
import { mostAhead, mostHeads } from '../group-rules/seen-claims.ts';
import { readEarlier } from '../group-rules/read-meta.ts';
import { wrapSigning, type SessionMapLayer } from './session-maps.ts';

type Counts = Readonly<Record<string, number>>;

/** Of a member with more sessions, only those are named that have changed roles, parents or settings. */
const mostNamed = 100;

export interface RemovalHeads {
  /** Sets the node in whose groups members are removed. */
  follow(node: LocalNode): void;
}

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
  return found.length === 0 ? undefined : sessionsOf(core, [...withRole, ...others], mostAhead);
}

/** A member can begin any number of sessions, by transactions that heads concern as little as they count. */
function headsOf(core: CoValueCore, member: string): Counts {
  const { sessions: counts } = core.knownState();
  const own = Object.entries(counts).filter(([sessionID]) => sessionID.startsWith(`${member}_session_`));
  if (own.length <= mostNamed) return Object.fromEntries(own);
  const changed = changesBy(core, member);
  const [counting, others] = [
    changed.filter(({ counts }) => counts),
    changed.filter(({ counts }) => !counts),
  ];
  return sessionsOf(core, [...counting, ...others], mostHeads);
}

function sessionsOf(
  core: CoValueCore,
  found: readonly { readonly transaction: GroupTransaction }[],
  most: number,
): Counts {
  const { sessions: counts } = core.knownState();
  const sessions = [...new Set(found.map(({ transaction }) => transaction.sessionID))].slice(0, most);
  return Object.fromEntries(sessions.map((id) => [id, counts[id as keyof typeof counts] ?? 0]));
}

function withSeen(metaJson: string | undefined, seen: Readonly<Record<string, Counts>>): string | undefined {
  if (Object.keys(seen).length === 0) return metaJson;
  const meta = metaJson === undefined ? {} : (JSON.parse(metaJson) as Readonly<Record<string, unknown>>);
  return JSON.stringify({ ...meta, ...seen });
}
