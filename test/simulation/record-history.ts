import { RawGroup, type RawAccountID, type RawCoValue } from 'cojson';
import { isEqual } from '../../src/base/equal.ts';
import { checkHistory, describeFinding } from '../history/check-history.ts';
import type { Edit, Finding, HistoryEvent, Read } from '../history/history.ts';
import { nameOf, show } from './show-covalue.ts';
import type { HistoryRecorder, SimTab } from './world.ts';

type Member = RawAccountID | 'everyone';

/**
 * `contentKeys`: of all maps; `members`: of all groups. `followsPlaces`: false if two devices may write under one session ID,
 * which makes two edits of one place. Then only edits with values are followed, which stay the same when they are written
 * again, so groups are not.
 */
export function createHistoryRecorder(
  contentKeys: readonly string[],
  members: readonly Member[],
  { followsPlaces }: { readonly followsPlaces: boolean },
): HistoryRecorder {
  const events: HistoryEvent[] = [];
  const lastReads = new Map<string, Read>();
  const keyOf = new Map<string, string>();
  /** They had one branch of a session, and cannot show the edits in the other before they have received them. */
  const forkedDevices = new Set<string>();
  const copiedDevices = new Set<string>();

  const isFollowed = (coValue: RawCoValue) => followsPlaces || !(coValue instanceof RawGroup);

  function readOne(tab: SimTab, coValue: RawCoValue, isEnd: boolean): void {
    if (!coValue.core.isAvailable() || !isFollowed(coValue)) return;
    const keys =
      coValue instanceof RawGroup ? members.filter((member) => member !== ownerOf(coValue)) : contentKeys;
    const from = { device: tab.device.name, tab: tab.name, coValue: coValue.id };
    const read: Read = { type: 'read', ...from, ...show(coValue, keys, keyOf, isEnd) };
    const place = `${tab.name} ${coValue.id}`;
    if (isEqual(lastReads.get(place), read)) return;
    lastReads.set(place, read);
    events.push(read);
  }

  function read(tab: SimTab, isEnd = false): void {
    if (tab.isRetired) return void forkedDevices.add(tab.device.name);
    const opened = [...tab.opened.values()];
    for (const coValue of opened) if (coValue instanceof RawGroup) readOne(tab, coValue, isEnd);
    for (const coValue of opened) {
      if (coValue instanceof RawGroup || !coValue.core.isAvailable()) continue;
      readOne(tab, coValue.group, isEnd);
      // Whoever has no role can read only what is not encrypted, and a member may lack a key.
      if (coValue.group.myRole() !== undefined && isLegible(coValue)) readOne(tab, coValue, isEnd);
    }
  }

  /** Undefined for the group's owner, who needs none. */
  function rightsOf(tab: SimTab, coValue: RawCoValue): Edit['rights'] {
    const { accountID } = tab.device.genesis;
    const group = coValue instanceof RawGroup ? coValue : coValue.group;
    if (!followsPlaces || ownerOf(group) === accountID) return undefined;
    const shown = lastReads.get(`${tab.name} ${group.id}`)?.edits ?? [];
    return {
      group: group.id,
      edits: shown.filter((name) => ['everyone', accountID].includes(keyOf.get(name) ?? '')),
    };
  }

  /** An edit that may be written again is not in the chain of those that its page made before it. */
  function sessionOf(tab: SimTab, { id }: RawCoValue): string {
    return followsPlaces ? tab.sessionOf(id) : `of event ${events.length}`;
  }

  function add(tab: SimTab, coValue: RawCoValue, edit: Pick<Edit, 'name' | 'key' | 'isDeletion'>): string {
    // A header names no author, so it can arrive before what gave its author the right to write.
    const rights = edit.name === coValue.id ? undefined : rightsOf(tab, coValue);
    const made = {
      device: tab.device.name,
      tab: tab.name,
      session: sessionOf(tab, coValue),
      coValue: coValue.id,
    };
    events.push({ type: 'edit', ...made, ...edit, ...(rights && { rights }) });
    return edit.name;
  }

  return {
    read,
    edited(tab, coValue, key, value) {
      if (!isFollowed(coValue)) return undefined;
      const sessionID = tab.sessionOf(coValue.id);
      const count = coValue.core.knownState().sessions[sessionID] ?? 0;
      // Adding a member takes several transactions.
      const tx = coValue instanceof RawGroup && coValue.lastEditAt(key as Member)?.tx;
      const name = value ?? nameOf(coValue.id, tx || { sessionID, txIndex: count - 1 });
      keyOf.set(name, key);
      return add(tab, coValue, { name, key });
    },
    created: (tab, coValue) => (isFollowed(coValue) ? add(tab, coValue, { name: coValue.id }) : undefined),
    deleted: (tab, coValue) =>
      add(tab, coValue, { name: `deletion ${events.length} of ${coValue.id}`, isDeletion: true }),
    promised(type, { name }) {
      if (name !== undefined) events.push({ type, edit: name });
    },
    copied: (...devices) => devices.forEach(({ name }) => copiedDevices.add(name)),
    restored: () => void events.push({ type: 'restored' }),
    ended: ({ name }, { isClean }) => void events.push({ type: 'ended', tab: name, isClean }),
    check(tabs) {
      events.push({ type: 'settled' });
      const settledAt = events.length;
      lastReads.clear();
      for (const tab of tabs) read(tab, true);
      const isOf = (devices: ReadonlySet<string>) => (tab: string) =>
        [...devices].some((device) => tab.startsWith(`${device}/`));
      const isExpected = ({ rule, at, tabs: of }: Finding) =>
        // A device cannot show what another one has written in places that it has filled itself.
        (rule === 'effect before cause' && of.some(isOf(copiedDevices))) ||
        // Until the fork is gone from its disk, a device can show what was displaced next to its copy.
        (rule === 'unknown or doubled' && at < settledAt && of.some(isOf(forkedDevices)));
      const [first] = checkHistory(events).filter((finding) => !isExpected(finding));
      if (first) throw new Error(describeFinding(events, first));
    },
  };
}

function isLegible({ core }: RawCoValue): boolean {
  if (core.isDeleted) return true;
  core.getCurrentContent();
  return core.verifiedTransactions.every(({ isValid, changes }) => !isValid || changes !== undefined);
}

function ownerOf({ core }: RawCoValue): string | undefined {
  const { ruleset } = core.verified.header;
  return ruleset.type === 'group' ? ruleset.initialAdmin : undefined;
}
