import { useCallback, useSyncExternalStore } from 'react';
import type { Readable } from '../base/readable.ts';

const noop = () => {};

/** The current value of a Readable. The component renders again when it changes. */
export function useReadable<T>(readable: Readable<T>): T;
export function useReadable<T>(readable: Readable<T> | undefined): T | undefined;
export function useReadable<T>(readable: Readable<T> | undefined): T | undefined {
  const subscribe = useCallback((changed: () => void) => readable?.subscribe(changed) ?? noop, [readable]);
  const read = () => readable?.current;
  return useSyncExternalStore(subscribe, read, read);
}
