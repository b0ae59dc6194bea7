declare module 'cluster-key-slot' {
  /** The slot of a key, by its hash tag if it has one (https://redis.io/docs/latest/operate/oss_and_stack/reference/cluster-spec/). */
  export default function calculateSlot (key: string): number
}
