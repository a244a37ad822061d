import { type ErasedAtRelay, type Invite, type Remember, type Session } from '@MaiaOS/kernel';
import { createContext } from 'svelte';
import { type Edits } from './list/edits.svelte.ts';
import { type Lists } from './model/lists.ts';
import { type NotCountedView } from './not-counted/not-counted-view.svelte.ts';
import { type SyncView } from './sync/sync-view.svelte.ts';
import { type UndoOffer } from './ui/undo.svelte.ts';

/** What every page of an open session needs. */
export interface AppContext {
  readonly session: Session;
  /** What this device keeps of the account. */
  readonly remember: Remember;
  readonly lists: Lists;
  readonly edits: Edits;
  readonly notCounted: NotCountedView;
  readonly sync: SyncView;
  readonly undo: UndoOffer;
  openSheet(sheet: SheetName): void;
  /** Acts as if the user had opened the link, without putting its secret in the address bar. */
  openInvite(invite: Invite): void;
  /** Closes the account in this tab without signing out, so that the user can open another one. */
  leave(): void;
  /** The account is gone, and the gate is about to say so. */
  erased(certificates: readonly ErasedAtRelay[]): void;
}

/** Sheets that several components open. */
export type SheetName = 'relay' | 'browsers' | 'paste-link' | 'keys';

export const [getApp, setApp] = createContext<AppContext>();
