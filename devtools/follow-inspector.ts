import { inspectActive } from '../src/inspect/active-target.ts';
import { createInspector } from '../src/inspect/create-inspector.ts';
import type { InspectorTarget } from '../src/inspect/target.ts';
import type { Inspector } from '../src/inspect/inspector.ts';

/**
 * Calls back with an inspector of the target, or of the active session, or undefined if there is none. Returns the stop
 * function.
 */
export function followInspector(
  target: InspectorTarget | undefined,
  onInspector: (inspector: Inspector | undefined) => void,
): () => void {
  let current: Inspector | undefined;
  const use = (next: InspectorTarget | undefined) => {
    current?.close();
    current = next && createInspector(next);
    onInspector(current);
  };
  if (target) {
    use(target);
    return () => use(undefined);
  }
  const unsubscribe = inspectActive().subscribe(use);
  return () => {
    unsubscribe();
    use(undefined);
  };
}
