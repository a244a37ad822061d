type Method = (...args: never[]) => unknown;
type MethodName<T> = { [K in keyof T]-?: T[K] extends Method ? K : never }[keyof T];
type MethodOf<T, K extends keyof T> = Extract<T[K], Method>;

interface Layer {
  readonly rank: number;
  readonly run: Method;
}

interface Chain {
  /** cojson's method, or what other code has put in its place. */
  readonly original: Method;
  /** Takes the method's place, and runs the layers. */
  readonly entry: Method;
  /** Outermost first. */
  readonly layers: Layer[];
}

const chainsByEntry = new WeakMap<Method, Chain>();

/**
 * Wraps a method of one object of cojson. `wrap` receives the next layer or, from the last layer, cojson's method; both stay
 * callable after it ends. A lower rank is further out; of equal ranks, the one that was added first.
 *
 * The method is replaced when the first layer is added and restored when the last one ends, unless other code has replaced
 * it since.
 */
export function wrapMethod<T extends object, K extends MethodName<T>>(
  target: T,
  name: K,
  wrap: (next: MethodOf<T, K>) => MethodOf<T, K>,
  rank = 0,
): () => void {
  const method = target[name] as MethodOf<T, K>;
  const chain = chainsByEntry.get(method) ?? createChain(target, method);
  const { layers, original, entry } = chain;
  target[name] = entry as T[K];
  const next: Method = (...args) => {
    const index = layers.indexOf(layer);
    const following = index < 0 ? layers.find((other) => other.rank > rank) : layers[index + 1];
    return (following?.run ?? original).apply(target, args);
  };
  const layer: Layer = { rank, run: wrap(next as MethodOf<T, K>) };
  layers.push(layer);
  layers.sort((a, b) => a.rank - b.rank);

  return () => {
    if (!layers.includes(layer)) return;
    layers.splice(layers.indexOf(layer), 1);
    if (layers.length === 0 && target[name] === entry) target[name] = original as T[K];
  };
}

function createChain(target: object, original: Method): Chain {
  const layers: Layer[] = [];
  const entry: Method = (...args) => (layers[0]?.run ?? original).apply(target, args);
  const chain = { original, entry, layers };
  chainsByEntry.set(entry, chain);
  return chain;
}
