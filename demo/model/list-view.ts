import { type MemberView } from './group-members.ts';
import { type PictureRef } from './picture.ts';

/** One list as a page shows it. Immutable: a new object for each change, and the same items where they did not change. */
export interface ListView {
  readonly id: string;
  /**
   * `missing`: not on this device, and no relay that answers has it. `closed`: this account may not read it.
   */
  readonly state: 'loading' | 'missing' | 'closed' | 'ready';
  readonly title: string;
  /** In the order in which they are shown. */
  readonly items: readonly ItemView[];
  /** Items of the list that are not on this device yet. */
  readonly missingItems: number;
  readonly canChange: boolean;
  /** Only who may manage the list's group can make its link. */
  readonly canInvite: boolean;
  /** Who can open it. */
  readonly members: readonly MemberView[];
  /** How many of them are other accounts. */
  readonly others: number;
  /** The secret of the list's link, where one was made and not revoked. Whoever can read the list can pass it on. */
  readonly inviteSecret: string | undefined;
}

export interface ItemView {
  readonly id: string;
  readonly text: string;
  readonly done: boolean;
  readonly order: string;
  readonly picture: PictureRef | undefined;
}

export function openItems(list: ListView): readonly ItemView[] {
  return list.items.filter((item) => !item.done);
}

export function doneItems(list: ListView): readonly ItemView[] {
  return list.items.filter((item) => item.done);
}

/** The same on every device, also where two keys are equal. */
export function byOrder(a: { order: string; id: string }, b: { order: string; id: string }): number {
  return compare(a.order, b.order) || compare(a.id, b.id);
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
