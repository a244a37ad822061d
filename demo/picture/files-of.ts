/** The files that are dropped or pasted, where there are any. */
export function filesOf(data: DataTransfer | null): readonly File[] {
  return [...(data?.files ?? [])];
}

/** While something is dragged, what it is can be asked and its content cannot. */
export function hasFiles(data: DataTransfer | null): boolean {
  return data?.types.includes('Files') === true;
}
