import { followTarget } from '../src/inspect/active-target.ts';
import { createInspector } from '../src/inspect/create-inspector.ts';
import type { InspectorTarget } from '../src/inspect/target.ts';
import type { Inspector } from '../src/inspect/inspector.ts';

/**
 * Calls back with an inspector of the target, or of the active session, or undefined if there is none, and with another
 * one if the sync was closed and set up again. Returns the stop function.
 */
export function followInspector(
  target: InspectorTarget | undefined,
  onInspector: (inspector: Inspector | undefined) => void,
): () => void {
  let current: Inspector | undefined;
  return followTarget(target, (next) => {
    current?.close();
    current = next && createInspector(next);
    onInspector(current);
  });
}
