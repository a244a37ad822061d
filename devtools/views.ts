import type { Component } from 'svelte';
import type { InspectorSnapshot } from '../src/inspect/snapshot/inspector-snapshot.ts';
import { covalueStat } from './covalue/covalue-stat.ts';
import CoValueView from './covalue/CoValueView.svelte';
import { faultsStat } from './faults/faults-stat.ts';
import FaultsView from './faults/FaultsView.svelte';
import type { Fact } from '../src/inspect/report/headline.ts';
import type { PanelState } from './panel-state.svelte.ts';
import { lagStat } from './lag/lag-stat.ts';
import LagView from './lag/LagView.svelte';
import { messagesStat } from './messages/messages-stat.ts';
import MessagesView from './messages/MessagesView.svelte';
import { peersStat } from './peers/peers-stat.ts';
import PeersView from './peers/PeersView.svelte';
import type { View } from './preferences.ts';
import { queuesStat } from './queues/queues-stat.ts';
import QueuesView from './queues/QueuesView.svelte';
import { tabsStat } from './tabs/tabs-stat.ts';
import TabsView from './tabs/TabsView.svelte';
import { storageStat } from './storage/storage-stat.ts';
import StorageView from './storage/StorageView.svelte';
import { unsyncedStat } from './unsynced/unsynced-stat.ts';
import UnsyncedView from './unsynced/UnsyncedView.svelte';
import type { ViewProps } from './view-props.ts';

interface ViewOfPanel {
  readonly name: string;
  readonly component: Component<ViewProps>;
  /** The view's live number in the rail. */
  stat(snapshot: InspectorSnapshot, panel: PanelState): Fact;
  /** Starts a new group in the rail. */
  readonly beginsGroup?: true;
}

/** In rail order: current state, history, storage, experiments. */
export const viewsOfPanel: Readonly<Record<View, ViewOfPanel>> = {
  unsynced: { name: 'Unsynced', component: UnsyncedView, stat: unsyncedStat },
  queues: { name: 'Queues', component: QueuesView, stat: queuesStat },
  peers: { name: 'Peers', component: PeersView, stat: peersStat },
  messages: { name: 'Messages', component: MessagesView, stat: messagesStat, beginsGroup: true },
  covalue: { name: 'CoValue', component: CoValueView, stat: (_, panel) => covalueStat(panel) },
  lag: { name: 'Lag', component: LagView, stat: lagStat },
  storage: { name: 'Storage', component: StorageView, stat: storageStat, beginsGroup: true },
  tabs: { name: 'Tabs', component: TabsView, stat: tabsStat },
  faults: { name: 'Faults', component: FaultsView, stat: faultsStat, beginsGroup: true },
};
