import { mountDevtools, type DevtoolsOptions } from '@MaiaOS/kernel/devtools';

/** The bare app, with the devtools mounted as the address says: `?mount={"open":true}`; without it, they are not. */
const wish = new URLSearchParams(location.search).get('mount');
declare global {
  var devtools: { mount(options?: DevtoolsOptions): void; unmount(): void };
}
let unmount = () => {};
globalThis.devtools = {
  mount: (options) => void ({ unmount } = mountDevtools(options)),
  unmount: () => unmount(),
};
if (wish !== null) globalThis.devtools.mount(JSON.parse(wish) as DevtoolsOptions);
