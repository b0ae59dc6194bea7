/** Names that WordPress and well-known plugins use for what is no ticket. They are compared as MySQL's usual collations do, without regard to case. */

/**
 * The post types of WordPress itself (https://developer.wordpress.org/reference/functions/create_initial_post_types/), up to 7.0.
 * A site has pages, menus, templates and its users' requests in them, and a `write` key must reach none of it.
 */
const BUILT_IN_TYPES = [
  'post', 'page', 'attachment', 'revision', 'nav_menu_item', 'custom_css', 'customize_changeset', 'oembed_cache', 'user_request',
  'wp_block', 'wp_template', 'wp_template_part', 'wp_global_styles', 'wp_navigation', 'wp_font_family', 'wp_font_face', 'wp_sync_storage',
]

/**
 * Types of plugins that many sites have, of which none is a support ticket: shops and their money, mailed forms, layouts, fields.
 * The list cannot be complete. It stops the mistakes that cost most.
 */
const FOREIGN_TYPES = [
  // WooCommerce and its extensions.
  'product', 'product_variation', 'shop_order', 'shop_order_placehold', 'shop_order_refund', 'shop_coupon', 'shop_subscription', 'shop_webhook',
  // Easy Digital Downloads.
  'download', 'edd_payment', 'edd_discount', 'edd_log',
  // Advanced Custom Fields.
  'acf-field', 'acf-field-group', 'acf-post-type', 'acf-taxonomy',
  // Contact Form 7, Flamingo, WPForms.
  'wpcf7_contact_form', 'flamingo_contact', 'flamingo_inbound', 'wpforms',
  // Elementor, Divi.
  'elementor_library', 'et_pb_layout',
  // The Events Calendar.
  'tribe_events',
]

/** WordPress's tables of a site, and of a network: https://codex.wordpress.org/Database_Description */
const TABLES = [
  'posts', 'postmeta', 'options', 'users', 'usermeta', 'comments', 'commentmeta', 'terms', 'termmeta', 'term_taxonomy', 'term_relationships',
  'links', 'blogs', 'blogmeta', 'site', 'sitemeta', 'signups', 'registration_log',
]

/**
 * Statuses that make WordPress delete or change a post by itself, or that say what another post is. `publish` is none of them: help
 * desks use it, and whether the public sees such a post is decided by its type.
 */
const RESERVED_STATUSES = ['trash', 'auto-draft', 'inherit', 'future']

/**
 * Keys of wp_postmeta in which WordPress itself keeps something of a post: who edits it, its picture, its template, its slug, what
 * was embedded, its menu item, a request for personal data.
 */
const RESERVED_META = new RegExp(`^(${[
  '_edit_(lock|last)', '_thumbnail_id', '_wp_.*', '_menu_item_.*', '_oembed_.*', '_customize_.*', '_starter_content_.*', '_export_.*',
  '_(confirmed|completed)_timestamp', '_cover_hash', '_source_url', '_pingme', '_encloseme', '_trackbackme', 'enclosure', 'footnotes',
].join('|')})$`, 'i')

export const isReservedStatus = (status: string): boolean => RESERVED_STATUSES.includes(status)

export const isReservedMetaKey = (key: string): boolean => RESERVED_META.test(key)

/**
 * @param postType WORDPRESS_POST_TYPE
 * @param target SYNC_TARGET
 * @returns what is wrong with it, in words that follow the name of the variable
 */
export function findPostTypeFault (postType: string | undefined, target: string): string | undefined {
  if (postType === undefined) {
    return target === 'wordpress' ? 'is not set, and SYNC_TARGET=wordpress needs it: name the post type of the tickets, such as ticket. Else a key with the scope write could change every page and post of the site' : undefined
  }
  if (BUILT_IN_TYPES.includes(postType)) return 'is a type of WordPress itself, whose posts are pages, menus and other parts of the site: name the post type of the tickets alone'
  if (FOREIGN_TYPES.includes(postType)) return 'is a type of a shop, of forms or of layouts, whose posts are no tickets: name the post type of the tickets alone'
}

/**
 * @param table TICKETS_TABLE
 * @param prefix WORDPRESS_TABLE_PREFIX, before the number of a site of a network
 */
export function findTableFault (table: string, prefix: string): string | undefined {
  const [name, start] = [table.toLowerCase(), prefix.toLowerCase()]
  const isOwn = name.startsWith(start) && TABLES.includes(name.slice(start.length).replace(/^\d+_/, ''))
  return isOwn ? 'is a table of WordPress itself: name one that is the service\'s alone' : undefined
}
