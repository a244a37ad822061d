import * as cojson from 'cojson';
import { attacker } from '../guard/nodes.ts';

/** Remembers cojson's classes. Returns a function that takes all patches from them, and from all objects what a plant let in. */
export function rememberCojson(): () => void {
  const prototypes = Object.values(cojson).flatMap((one): object[] => {
    const prototype: unknown = typeof one === 'function' ? one.prototype : undefined;
    return typeof prototype === 'object' && prototype !== null ? [prototype] : [];
  });
  // cojson does not export the class that holds transactions.
  const { verified } = attacker().createGroup().core;
  prototypes.push(Object.getPrototypeOf(verified) as object, Object.prototype);
  const before = prototypes.map(
    (prototype) => [prototype, Object.getOwnPropertyDescriptors(prototype)] as const,
  );
  return () => {
    for (const [prototype, properties] of before) {
      for (const key of Reflect.ownKeys(prototype))
        if (!Object.hasOwn(properties, key)) Reflect.deleteProperty(prototype, key);
      Object.defineProperties(prototype, properties);
    }
  };
}
