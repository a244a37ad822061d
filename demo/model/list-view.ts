import { type MemberView } from './group-members.ts';
import { type PictureRef } from './picture.ts';

/** A list as a page shows it. Immutable: each change creates a new object that shares unchanged items. */
export interface ListView {
  readonly id: string;
  /**
   * `missing`: neither this device nor a reachable relay has it. `closed`: this account may not read it.
   */
  readonly state: 'loading' | 'missing' | 'closed' | 'ready';
  readonly title: string;
  /** In display order. */
  readonly items: readonly ItemView[];
  /** How many items are not on this device yet. */
  readonly missingItems: number;
  readonly canChange: boolean;
  /** Only managers of the list's group can create its link. */
  readonly canInvite: boolean;
  /** The accounts that can open it. */
  readonly members: readonly MemberView[];
  /** How many of `members` are other accounts. */
  readonly others: number;
  /** The secret of the list's current link, if any. Every reader of the list can share it. */
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

/** The same on every device, even if two order keys are equal. */
export function byOrder(a: { order: string; id: string }, b: { order: string; id: string }): number {
  return compare(a.order, b.order) || compare(a.id, b.id);
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
