import type { CoValueCore, LocalNode, RawCoID } from 'cojson';
import { isOwnSession } from '../content.ts';
import { earliestEditDate } from './counting-dates.ts';
import { getKnownCoValue } from '../covalue-lookup.ts';
import { dataClock, groupClock } from './edit-clock.ts';
import { dateAfterWriter, gainsRights } from './role-dates.ts';
import { wrapSigning, type SessionMapLayer } from './session-maps.ts';

export interface EditTimes {
  /** Sets the node whose CoValues are used to date edits. Edits dated `genesisTimeMs` keep that time. */
  follow(node: LocalNode, genesisTimeMs: number): void;
}

interface Edit {
  readonly sessionID: string;
  /** As cojson dates it. */
  readonly madeAtMs: number;
  readonly metaJson: string | undefined;
  /** Undefined for private edits. */
  readonly changesJson?: string;
}

/**
 * Dates an edit later than every valid transaction of the CoValue and its groups that its author had, also if the clock is
 * slow: in cojson the later edit wins, and an edit dated before its author's membership is invalid, so a wrong clock would
 * decide which edits count. The end of a writer's role is dated after their edits, too. How far ahead of the clock these
 * transactions may be is limited, because anyone with a role can choose their date. Another node's CoValues keep that node's
 * times.
 */
export function createEditTimes(): EditTimes & { readonly layer: SessionMapLayer } {
  let dateOf = (_id: RawCoID, { madeAtMs }: Edit) => madeAtMs;

  return {
    follow(node, genesisTimeMs) {
      dateOf = (id, edit) => {
        const { sessionID, madeAtMs } = edit;
        if (madeAtMs === genesisTimeMs) return madeAtMs;
        const core = getKnownCoValue(node, id);
        if (core?.isGroupOrAccount()) return dateInGroup(node, core, edit);
        const { nowMs, untilMs, ownUntilMs } = dataClock(node);
        const isOwn = isOwnSession(node, sessionID);
        const dateMs = isOwn && (madeAtMs <= nowMs || isChosen(node, edit)) ? madeAtMs : nowMs;
        return core ? Math.max(dateMs, earliestEditDate(node, core, sessionID, untilMs, ownUntilMs)) : dateMs;
      };
    },
    layer: (createBelow, coValueID) =>
      wrapSigning(createBelow(), (below) => ({
        makeNewPrivateTransaction: (sessionID, signer, changes, keyID, keySecret, metaJson, madeAtMs) =>
          below.makeNewPrivateTransaction(
            sessionID,
            signer,
            changes,
            keyID,
            keySecret,
            metaJson,
            dateOf(coValueID, { sessionID, madeAtMs, metaJson }),
          ),
        makeNewTrustingTransaction: (sessionID, signer, changesJson, metaJson, madeAtMs) =>
          below.makeNewTrustingTransaction(
            sessionID,
            signer,
            changesJson,
            metaJson,
            dateOf(coValueID, { sessionID, madeAtMs, metaJson, changesJson }),
          ),
      })),
  };
}

/** A change follows little that is ahead of the clock, unless that gives its author the right to make it. */
function dateInGroup(node: LocalNode, core: CoValueCore, edit: Edit): number {
  const { sessionID, changesJson } = edit;
  const clock = groupClock(node);
  const fromMs = startDate(node, edit, clock.nowMs);
  const after = (untilMs: number) => Math.max(fromMs, earliestEditDate(node, core, sessionID, untilMs));
  const soonMs = after(clock.untilMs);
  const lateMs = after(dataClock(node).untilMs);
  const isLate = lateMs > soonMs && gainsRights(core, sessionID, soonMs, lateMs);
  const dateMs = isLate ? lateMs : soonMs;
  return changesJson === undefined
    ? dateMs
    : dateAfterWriter(core, changesJson, dateMs, isLate ? lateMs : fromMs);
}

/** cojson accepts an invite by the clock of a helper node, and dates a change by the clock for data. */
function startDate(node: LocalNode, edit: Edit, nowMs: number): number {
  const { sessionID, madeAtMs } = edit;
  if (!isOwnSession(node, sessionID)) return nowMs;
  return isChosen(node, edit) ? madeAtMs : madeAtMs - (node.stampNow() - nowMs);
}

/** Not by a clock: the edit is written again. */
function isChosen(node: LocalNode, { madeAtMs, metaJson }: Edit): boolean {
  return madeAtMs > node.stampNow() || metaJson?.includes('"mi"') === true;
}
