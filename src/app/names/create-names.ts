import type { RawGroup } from 'cojson';
import { isKernelError } from '../../base/kernel-error.ts';
import { nextTask } from '../../base/next-task.ts';
import { createPacer } from '../../base/pacer.ts';
import { groupIn } from '../../engine/covalue-access.ts';
import { getAvailableCoValue, loadFromStorage } from '../../engine/covalue-lookup.ts';
import type { CollaborationParts } from '../app-parts.ts';
import { limitContent } from '../content-limit.ts';
import { hasLeft, hasOthers, mayIntroduce, writeName } from './name-in-group.ts';
import { createNameView, type NameView } from './name-view.ts';
import { openOwnNames } from './own-names.ts';
import { toName } from './person-name.ts';
import { createPublisher } from './publish-names.ts';

/** The names of this account and of those with whom it shares. */
export interface Names {
  rename(name: string): Promise<void>;
  /** Calls `changed` when a name that was asked for has changed, until the view is closed. */
  view(changed: () => void): NameView;
  /** Gives the members of a group this account's name, now and after each change, in the background. */
  introduce(groupID: string): void;
  close(): void;
}

/** How long a connected relay may take to answer whether there is a name already. */
const answerMs = 10_000;
/** Of the content of one name: thousands of renamings. */
const maxNameBytes = 1_000_000;

export function createNames(parts: CollaborationParts): Names {
  const { node, accountID, sync, clock, load, profile } = parts;
  const lane = createPacer({ nowMs: clock.elapsedMs, nextTask }).lane<() => void>((begin) => begin());
  const own = openOwnNames({ node, accountID, look, changed });
  const publisher = createPublisher({ clock, own, write });
  const limit = limitContent(node, { maxBytes: maxNameBytes, alsoStored: true });
  let wasConnected = false;
  const stopFollowing = sync.subscribe(() => {
    if (isConnected() && !wasConnected) publisher.beginLater();
    wasConnected = isConnected();
  });
  changed();

  function isConnected(): boolean {
    return sync.current.peers.some(({ phase }) => phase === 'connected');
  }

  function changed(): void {
    const name = own.name();
    profile.set(name ? { name } : {});
    publisher.beginLater();
  }

  /** Looks on this device first: only a connected relay can know more. */
  async function look(id: string): Promise<boolean> {
    await loadFromStorage(node, id);
    try {
      await load(id, { timeoutMs: isConnected() ? answerMs : 0 });
      return true;
    } catch (error) {
      if (isKernelError(error, 'CO_VALUE_NOT_FOUND') || isKernelError(error, 'TIMEOUT')) return false;
      throw error;
    }
  }

  async function findGroup(groupID: string): Promise<RawGroup | undefined> {
    const core = (await look(groupID)) ? getAvailableCoValue(node, groupID) : undefined;
    return core && groupIn(core);
  }

  async function write(groupID: string, name: string): Promise<boolean> {
    const group = await findGroup(groupID);
    if (!group) return false;
    if (hasLeft(group)) own.forget(groupID);
    return writeName(group, name, look);
  }

  async function introduce(groupID: string): Promise<void> {
    const group = await findGroup(groupID);
    if (!group || !mayIntroduce(group) || !hasOthers(group)) return;
    await own.add(groupID);
    // Two devices apart can leave an earlier name in the group than they record.
    const name = own.name();
    if (name !== undefined && (await write(groupID, name))) own.record([groupID], name);
    publisher.begin();
  }

  function introduceLater(groupID: string): void {
    // A failure is retried when the members are shown again.
    introduce(groupID).catch(() => {});
  }

  return {
    async rename(text) {
      await own.rename(toName(text));
      publisher.begin();
    },
    view: (changed) =>
      createNameView({ node, limit, clock, accountID, profile, lane, introduce: introduceLater, changed }),
    introduce: introduceLater,
    close() {
      stopFollowing();
      publisher.close();
      own.close();
      lane.clear();
      limit.end();
    },
  };
}
