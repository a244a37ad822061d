import { shallowRef, toValue, watchEffect, type MaybeRefOrGetter, type ShallowRef } from 'vue';
import type { Readable } from '../base/readable.ts';

/** The current value of a Readable, or of the one that a getter gives, until the component is unmounted. */
export function useReadable<T>(readable: MaybeRefOrGetter<Readable<T>>): Readonly<ShallowRef<T>>;
export function useReadable<T>(
  readable: MaybeRefOrGetter<Readable<T> | undefined>,
): Readonly<ShallowRef<T | undefined>>;
export function useReadable<T>(
  readable: MaybeRefOrGetter<Readable<T> | undefined>,
): Readonly<ShallowRef<T | undefined>> {
  const value = shallowRef<T>();
  watchEffect(
    (onCleanup) => {
      const now = toValue(readable);
      if (now) onCleanup(now.subscribe((next) => (value.value = next)));
      else value.value = undefined;
    },
    { flush: 'sync' },
  );
  return value;
}
