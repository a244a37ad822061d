/** What a relay really signed, as the simulation knows it. */
export interface TrueReceipt {
  readonly state: string;
  readonly n: number;
  /** Every number that it gives a root, with that root. */
  readonly roots: ReadonlyMap<number, string>;
}

/**
 * Knows which device holds which receipts, and what they prove. It reads no signature and uses nothing of the kernel: it knows
 * from the simulation what was signed, when, and what was forged.
 */
export interface ReceiptOracle {
  signed(signature: string, receipt: TrueReceipt): void;
  /** The device asks. `held`: the signatures of what it holds. Returns why it has a proof already. */
  asks(
    held: readonly string[],
    state: string,
  ): { readonly held: readonly string[]; readonly isSplit: boolean };
  /** The answer, unchanged, to a question that left when the device held that. Returns whether it contradicts any of it. */
  answered(held: readonly string[], signature: string): boolean;
  /** Whether two signatures are of a proof that a device found. */
  isProof(earlier: unknown, later: unknown): boolean;
  stateOf(signature: unknown): string | undefined;
}

export function createReceiptOracle(): ReceiptOracle {
  const truth = new Map<string, TrueReceipt>();
  const proofs = new Set<string>();
  const of = (signature: string): TrueReceipt => {
    const receipt = truth.get(signature);
    if (!receipt) throw new Error('Nobody signed this.');
    return receipt;
  };
  const differ = (one: TrueReceipt, other: TrueReceipt) =>
    [...one.roots].some(([n, root]) => other.roots.has(n) && other.roots.get(n) !== root);

  function prove(earlier: string, later: string, isOrdered: boolean): boolean {
    const [one, other] = [of(earlier), of(later)];
    const isContrary = one.state === other.state && (differ(one, other) || (isOrdered && other.n < one.n));
    if (isContrary) proofs.add(`${earlier} ${later}`);
    return isContrary;
  }

  return {
    signed: (signature, receipt) => void truth.set(signature, receipt),
    asks(all, state) {
      const held = [...new Set(all)].filter((signature) => truth.get(signature)?.state === state);
      let isSplit = false;
      for (const one of held)
        for (const other of held) if (one !== other && prove(one, other, false)) isSplit = true;
      return { held, isSplit };
    },
    answered: (held, signature) => held.map((earlier) => prove(earlier, signature, true)).includes(true),
    isProof: (earlier, later) => proofs.has(`${String(earlier)} ${String(later)}`),
    stateOf: (signature) => (typeof signature === 'string' ? truth.get(signature)?.state : undefined),
  };
}
