export { maiaKernel, type MaiaKernelOptions } from './maia-kernel.ts';
