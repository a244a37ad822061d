import { defineDevtoolsElement } from './devtools-element.ts';

export { mountDevtools } from './mount-devtools.ts';
export type { DevtoolsOptions } from './devtools-options.ts';
export type { MaiaDevtoolsElement } from './devtools-element.ts';

defineDevtoolsElement();
