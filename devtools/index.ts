export { mountDevtools, type DevtoolsOptions } from './mount-devtools.ts';
