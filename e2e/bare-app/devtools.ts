import { activeSession } from '@MaiaOS/kernel';
import type { LocalNode } from '@MaiaOS/kernel/cojson';
import { mountDevtools, type DevtoolsOptions } from '@MaiaOS/kernel/devtools';
import { createInspector, type Explanation, type Inspector } from '@MaiaOS/kernel/inspect';

/** The bare app, with the devtools mounted as the address says: `?mount={"open":true}`; without it, they are not. */
const wish = new URLSearchParams(location.search).get('mount');
declare global {
  var devtools: {
    mount(options?: DevtoolsOptions): void;
    unmount(): void;
    /** From here on a program looks as well, as an agent would. */
    inspect(): void;
    /** What that program is told. */
    explain(id: string): Explanation;
    /** Of the session that is active. */
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
  node() {
    if (!activeSession.current) throw new Error('Nobody is signed in.');
    return activeSession.current.node;
  },
};
if (wish !== null) globalThis.devtools.mount(JSON.parse(wish) as DevtoolsOptions);
