export { kernelVersion } from '../platform/version.ts';
