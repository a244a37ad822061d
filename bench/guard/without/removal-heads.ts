export function createRemovalHeads() {
  return { follow() {}, layer: <T>(createBelow: () => T): T => createBelow() };
}
