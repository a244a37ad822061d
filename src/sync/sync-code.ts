import type { LocalNode } from 'cojson';
import type { Clock } from '../base/clock.ts';
import type { Pacer } from '../base/pacer.ts';
import type { Platform } from '../platform/platform.ts';
import type { Transport } from '../transport/transport.ts';
import type { CreateNodeRelay } from './node-relay.ts';
import type { bringInOthersEdits } from './others-edits.ts';
import type { CreateTabs } from './tabs/tabs.ts';
import type { UnloadUnused } from './unloading.ts';

/** What a node's sync takes beside the counting of its edits. A session has fetched it; another node's sync fetches it. */
export interface SyncCode {
  /** Where an app names none. */
  createTransports(
    platform: Pick<Platform, 'openWebSocket' | 'fetch' | 'clock'>,
  ): readonly [Transport, ...Transport[]];
  readonly createRelay: CreateNodeRelay;
  readonly unloadUnused: UnloadUnused;
  paceReleases(node: LocalNode, pacer: Pacer, clock: Clock): { end(): void };
  readonly bringInOthersEdits: typeof bringInOthersEdits;
  /** Undefined where a node shares its database with no other tab. */
  readonly createTabs?: CreateTabs | undefined;
}
