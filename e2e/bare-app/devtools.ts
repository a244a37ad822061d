import { activeSession } from '@MaiaOS/kernel';
import type { LocalNode } from '@MaiaOS/kernel/cojson';
import { mountDevtools, type DevtoolsOptions } from '@MaiaOS/kernel/devtools';
import {
  createInspector,
  type Explanation,
  type Inspector,
  type InspectorSnapshot,
} from '@MaiaOS/kernel/inspect';

/** The bare app with devtools, mounted if the address asks for them: `?mount={"open":true}`. */
const wish = new URLSearchParams(location.search).get('mount');
declare global {
  var devtools: {
    mount(options?: DevtoolsOptions): void;
    unmount(): void;
    /** Attaches an inspector, as a program or agent would. */
    inspect(): void;
    /** That inspector's explanation. */
    explain(id: string): Explanation;
    snapshot(): InspectorSnapshot;
    /** The active session's node. */
    node(): LocalNode;
  };
}
let unmount = () => {};
let inspector: Inspector | undefined;
globalThis.devtools = {
  mount: (options) => void ({ unmount } = mountDevtools(options)),
  unmount: () => unmount(),
  inspect() {
    if (activeSession.current) inspector = createInspector(activeSession.current);
  },
  explain(id) {
    if (!inspector) throw new Error('Nobody looks yet.');
    return inspector.explain(id);
  },
  snapshot() {
    if (!inspector) throw new Error('Nobody looks yet.');
    return inspector.snapshot();
  },
  node() {
    if (!activeSession.current) throw new Error('Not signed in.');
    return activeSession.current.node;
  },
};
if (wish !== null) globalThis.devtools.mount(JSON.parse(wish) as DevtoolsOptions);
