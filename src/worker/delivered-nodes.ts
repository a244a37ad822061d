/** The nodes for whose edits the browser was asked to start the service worker. */
const delivered = new WeakSet<object>();

export function setDelivered(node: object, isDelivered: boolean): void {
  if (isDelivered) delivered.add(node);
  else delivered.delete(node);
}

/** Whether the browser starts the service worker for the node's edits once there is a network. */
export function isDelivered(node: object): boolean {
  return delivered.has(node);
}
