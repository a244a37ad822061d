/** For what only a bug can break; a condition that a user can meet is a KernelError. */
export function assert(condition: unknown, what: string): asserts condition {
  if (!condition) throw new Error(`Bug in @MaiaOS/kernel: ${what}`);
}

export function unreachable(value: never): never {
  throw new Error(`Bug in @MaiaOS/kernel: unexpected ${JSON.stringify(value)}`);
}
