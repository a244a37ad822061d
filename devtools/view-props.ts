import type { Inspector } from '../src/inspect/inspector.ts';
import type { InspectorSnapshot } from '../src/inspect/snapshot/inspector-snapshot.ts';
import type { PanelState } from './panel-state.svelte.ts';

/** The props of every view while there is a session to inspect. */
export interface ViewProps {
  readonly panel: PanelState;
  readonly snapshot: InspectorSnapshot;
  readonly inspector: Inspector;
}
