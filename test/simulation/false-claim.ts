/** The kernel made a claim that the disks contradict. */
export class FalseClaim extends Error {
  override readonly name = 'FalseClaim';
}
