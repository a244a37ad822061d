export { createJazzManager, type JazzManager, type JazzManagerOptions } from './jazz-manager.ts';
