import type { LocalNode } from 'cojson';
import type { Logger } from '../../base/logger.ts';
import type { Pacer } from '../../base/pacer.ts';
import type { Platform } from '../../platform/platform.ts';
import type { DeviceStorage } from '../../storage/device-storage.ts';
import type { KnownCounts } from '../../engine/known-counts.ts';
import type { Ladder } from '../delivery/ladder.ts';
import type { PeerStatus } from '../peer-status.ts';
import type { DebtBook } from '../delivery/debt-book.ts';
import type { RecalledDebts } from '../delivery/recall.ts';

/** How the tabs of an account find each other. */
export interface TabsSetup {
  /** The channel's name, the same for all tabs that share a database. */
  readonly name: string;
  readonly platform: Pick<Platform, 'openTabChannel'>;
  /** The session IDs that this tab writes under. The first is the node's, which is also the default. */
  readonly sessionIDs?: readonly string[];
  /** The account's session IDs whose lock a tab holds. Resolves with undefined if the browser cannot list locks. */
  readonly heldSessionIDs?: () => Promise<readonly string[] | undefined>;
}

export interface TabsOptions {
  readonly node: LocalNode;
  readonly ladder: Ladder;
  readonly debts: Pick<DebtBook, 'whenWritten'>;
  /** What the ledger says is pending, whichever tab owes it. Rejects if it cannot be read. */
  readonly readDebts: () => Promise<RecalledDebts>;
  readonly storage: Pick<DeviceStorage, 'status'>;
  readonly platform: Pick<Platform, 'clock' | 'page' | 'random'>;
  readonly pacer: Pacer;
  readonly logger: Logger;
  readonly peers: () => readonly PeerStatus[];
  /** Of the relay's data, as far as this tab knows. */
  readonly generationOf: (relayID: string) => number;
  /** False if a later generation of the relay's data is known. */
  readonly isCurrent: (relayID: string, generation: number) => boolean;
  readonly onSent: (relayID: string, id: string, counts: KnownCounts) => void;
  /** What another tab was to send may be this tab's to send now. */
  readonly onFreed: () => void;
  /** Another tab's content is in the node now. */
  readonly onChanged: (id: string) => void;
}
