import type { FileState } from './files.ts';

export const nothingYet: FileState = { state: 'loading', received: 0 };
export const unavailable: FileState = { state: 'unavailable' };
export const unauthorized: FileState = { state: 'unauthorized' };
export const broken: FileState = { state: 'broken' };
