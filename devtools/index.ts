import { defineDevtoolsElement } from './devtools-element.ts';

export { mountDevtools, type DevtoolsOptions } from './mount-devtools.ts';
export type { MaiaDevtoolsElement } from './devtools-element.ts';

defineDevtoolsElement();
