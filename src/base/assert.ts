/** For conditions that only a bug can violate; for failures that users can encounter, throw a KernelError. */
export function assert(condition: unknown, what: string): asserts condition {
  if (!condition) throw new Error(`Bug in @MaiaOS/kernel: ${what}`);
}

export function unreachable(value: never): never {
  throw new Error(`Bug in @MaiaOS/kernel: unexpected ${JSON.stringify(value)}`);
}
