import type { CoValueCore } from 'cojson';
import { announcedSessionsOf } from '../../engine/covalue-lookup.ts';
import type { SessionCounts } from '../../engine/private-fields.ts';
import type { Authors } from './authors.ts';
import type { Page, RelayTold, SessionPage, SessionRow, SessionTotals } from './covalue-facts.ts';
import { sliceOf } from './page.ts';
import { stepsOf, type Places } from './steps.ts';

/** Order: this tab's session, the account's other sessions, other accounts' sessions. Describes only the page's rows. */
export function readSessions(
  coValue: CoValueCore,
  places: Places,
  authors: Authors,
  page: Page,
): SessionPage {
  const here: SessionCounts = coValue.knownState().sessions;
  const expected: SessionCounts = coValue.isStreaming() ? announcedOf(coValue) : {};
  const { total, rows } = sliceOf(orderOf(here, places, authors), page);
  return {
    total,
    rows: rows.map((sessionID): SessionRow => {
      const count = here[sessionID] ?? 0;
      const arriving = expected[sessionID] ?? 0;
      return {
        sessionID,
        author: authors.of(sessionID, coValue),
        ...(authors.isThisTab(sessionID) && { isThisTab: true }),
        ...(sessionID.endsWith('$') && { isDeletion: true }),
        here: count,
        ...(arriving > count && { expected: arriving }),
        told: places.told.map((told) => (typeof told === 'object' ? (told[sessionID] ?? 0) : (told ?? null))),
        steps: stepsOf(places, sessionID, count),
      };
    }),
  };
}

function announcedOf(coValue: CoValueCore): SessionCounts {
  // cojson awaits what storage has announced; what a relay has, only as long as more of it arrives.
  return {
    ...coValue.knownStateWithStreaming().sessions,
    ...announcedSessionsOf(coValue.node)?.of(coValue.id),
  };
}

export function totalOf(counts: SessionCounts): SessionTotals {
  let sessions = 0;
  let transactions = 0;
  for (const sessionID in counts) {
    sessions++;
    transactions += counts[sessionID] ?? 0;
  }
  return { sessions, transactions };
}

/** The transactions in `need` that `have` lacks. */
export function lackOf(have: SessionCounts, need: SessionCounts): SessionTotals {
  let sessions = 0;
  let transactions = 0;
  for (const sessionID in need) {
    const lack = (need[sessionID] ?? 0) - (have[sessionID] ?? 0);
    if (lack <= 0) continue;
    sessions++;
    transactions += lack;
  }
  return { sessions, transactions };
}

const nothing: SessionTotals = { sessions: 0, transactions: 0 };

export function describeTold(
  here: SessionCounts,
  told: SessionCounts | 'unknown' | undefined,
): Pick<RelayTold, 'state' | 'behind' | 'ahead'> {
  if (typeof told !== 'object') return { state: told ?? 'nothing', behind: nothing, ahead: nothing };
  return { state: 'told', behind: lackOf(told, here), ahead: lackOf(here, told) };
}

function orderOf(here: SessionCounts, { told }: Places, authors: Authors): readonly string[] {
  const all = new Set(Object.keys(here));
  for (const counts of told) {
    if (typeof counts === 'object') for (const sessionID in counts) all.add(sessionID);
  }
  const ofAccount: string[] = [];
  const others: string[] = [];
  let thisTab: string | undefined;
  for (const sessionID of all) {
    if (authors.isThisTab(sessionID)) thisTab = sessionID;
    else if (authors.isOwn(sessionID)) ofAccount.push(sessionID);
    else others.push(sessionID);
  }
  return [...(thisTab === undefined ? [] : [thisTab]), ...ofAccount, ...others];
}
