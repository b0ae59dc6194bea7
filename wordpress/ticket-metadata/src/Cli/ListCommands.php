<?php
namespace TicketMetadata\Cli;

use TicketMetadata\Lists;
use TicketMetadata\Plugin;

/** The commands that ask the service for tickets by what they are. */
trait ListCommands {

	/**
	 * Finds tickets in the service by what they are.
	 *
	 * ## OPTIONS
	 *
	 * [--status=<statuses>]
	 * : Comma-separated: one of these statuses of the service.
	 *
	 * [--assigned_to=<agents>]
	 * : Comma-separated ids of agents; none is unassigned.
	 *
	 * [--customer_id=<id>]
	 * : Only tickets of this customer.
	 *
	 * [--category=<categories>]
	 * : Comma-separated: one of these.
	 *
	 * [--priority=<priorities>]
	 * : Comma-separated: one of these.
	 *
	 * [--created_since=<seconds>]
	 * : Opened then or later, in Unix seconds.
	 *
	 * [--created_until=<seconds>]
	 * : Opened then or earlier.
	 *
	 * [--updated_since=<seconds>]
	 * : Changed last then or later.
	 *
	 * [--updated_until=<seconds>]
	 * : Changed last then or earlier.
	 *
	 * [--sort=<field>]
	 * : ticket_id, created_at or updated_at, descending with -.
	 * ---
	 * default: -ticket_id
	 * ---
	 *
	 * [--limit=<tickets>]
	 * : At most this number. All, if it is left out.
	 *
	 * [--partial]
	 * : What there is while Redis or MySQL is unavailable, with a warning.
	 *
	 * [--fields=<fields>]
	 * : Comma-separated fields of a ticket; custom_fields.NAME is one of the custom fields.
	 *
	 * [--format=<format>]
	 * : Output format.
	 * ---
	 * default: table
	 * options:
	 *   - table
	 *   - json
	 *   - csv
	 *   - yaml
	 *   - ids
	 *   - count
	 * ---
	 *
	 * ## EXAMPLES
	 *
	 *     # The open tickets of an agent, oldest first.
	 *     $ wp ticket-metadata find --status=open --assigned_to=7 --sort=created_at
	 *
	 *     # How many tickets a customer has.
	 *     $ wp ticket-metadata find --customer_id=123 --format=count
	 */
	public function find( array $arguments, array $options ): void {
		( new Find( new Lists( Plugin::patientClient() ) ) )->find( $options );
	}

	/**
	 * Counts the tickets in the service. Not in a network, whose sites it has together.
	 *
	 * ## OPTIONS
	 *
	 * [--group_by=<field>]
	 * : What they are counted by.
	 * ---
	 * default: status
	 * options:
	 *   - status
	 *   - assigned_to
	 *   - priority
	 *   - category
	 * ---
	 *
	 * [--status=<statuses>]
	 * : Filters are those of find.
	 *
	 * [--assigned_to=<agents>]
	 * : As above.
	 *
	 * [--customer_id=<id>]
	 * : As above.
	 *
	 * [--category=<categories>]
	 * : As above.
	 *
	 * [--priority=<priorities>]
	 * : As above.
	 *
	 * [--created_since=<seconds>]
	 * : As above.
	 *
	 * [--created_until=<seconds>]
	 * : As above.
	 *
	 * [--updated_since=<seconds>]
	 * : As above.
	 *
	 * [--updated_until=<seconds>]
	 * : As above.
	 *
	 * [--format=<format>]
	 * : Output format.
	 * ---
	 * default: table
	 * options:
	 *   - table
	 *   - json
	 *   - csv
	 *   - yaml
	 * ---
	 *
	 * ## EXAMPLES
	 *
	 *     $ wp ticket-metadata counts --group_by=assigned_to --status=open
	 */
	public function counts( array $arguments, array $options ): void {
		( new Find( new Lists( Plugin::patientClient() ) ) )->counts( $options );
	}
}
