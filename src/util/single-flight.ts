/** What several ask for while it runs is done once. */
export function shared<T> (work: () => Promise<T>): () => Promise<T> {
  let running: Promise<T> | undefined
  return () => {
    running ??= work().finally(() => { running = undefined })
    return running
  }
}
