<?php
namespace TicketMetadata\Cli;

use TicketMetadata\Bridges\Bridge;
use TicketMetadata\Changes\Outbox;
use TicketMetadata\Client\Client;
use TicketMetadata\Text;

/** `wp ticket-metadata verify` */
final class Verify {

	/** The longest value of a ticket. */
	private const TEXT_LENGTH_MAX = 1024;

	private Client $client;

	private int $batch;

	/** Maximum number of differences to show. */
	private int $limit;

	/** @var array<string, int> tickets */
	private array $counts = [
		'compared'   => 0,
		'agree'      => 0,
		'differ'     => 0,
		'missing'    => 0,
		'unreadable' => 0,
		'deleted'    => 0,
		'waiting'    => 0,
		'not_mysql'  => 0,
	];

	/** @var array[] */
	private array $shown = [];

	public function __construct( Client $client, int $batch, int $limit ) {
		$this->client = $client;
		$this->batch  = $batch;
		$this->limit  = $limit;
	}

	/** @param array<string, Bridge> $bridges */
	public function run( array $bridges, string $format ): void {
		foreach ( $bridges as $bridge ) {
			// No progress bar in output for programs.
			$bar   = $format === 'table' ? \WP_CLI\Utils\make_progress_bar( $bridge->name(), $bridge->count() ) : null;
			$after = 0;
			for ( $ids = $bridge->ids( 0, $this->batch ); $ids !== []; $ids = $bridge->ids( $after, $this->batch ) ) {
				$this->compare( $bridge, $ids );
				$after = end( $ids );
				if ( $bar !== null ) {
					$bar->tick( count( $ids ) );
				}
				Memory::release();
			}
			if ( $bar !== null ) {
				$bar->finish();
			}
		}
		$this->show( $format );
	}

	/** @param int[] $ids */
	private function compare( Bridge $bridge, array $ids ): void {
		$tickets = new ComparedTickets( $this->client, $bridge );
		$found   = $tickets->compare( $ids );
		// A ticket that changed between the two reads does not count as different.
		$unlike = array_keys( array_filter( $found, [ self::class, 'isUnlike' ] ) );
		$found  = $unlike === [] ? $found : array_replace( $found, $tickets->compare( $unlike ) );
		$unlike = array_keys( array_filter( $found, [ self::class, 'isUnlike' ] ) );
		$waits  = ( new Outbox() )->waiting( $bridge->slug(), $unlike );
		foreach ( $found as $id => $ticket ) {
			$this->count( $ticket, isset( $waits[ $id ] ) );
			foreach ( $ticket->differences as $field => [ $here, $there ] ) {
				$this->note( $bridge, $id, $field, $here, $there, isset( $waits[ $id ] ) );
			}
		}
	}

	private function count( ComparedTicket $ticket, bool $isWaiting ): void {
		++$this->counts['compared'];
		++$this->counts[ $ticket->state ];
		$this->counts['waiting']   += $isWaiting ? 1 : 0;
		$this->counts['not_mysql'] += $ticket->isInMysql ? 0 : 1;
	}

	/**
	 * @param mixed $here
	 * @param mixed $there
	 */
	private function note( Bridge $bridge, int $id, string $field, $here, $there, bool $isWaiting ): void {
		if ( count( $this->shown ) < $this->limit ) {
			$this->shown[] = [
				'bridge'  => $bridge->slug(),
				'ticket'  => $id,
				'field'   => $field,
				'here'    => $here,
				'there'   => $there,
				'waiting' => $isWaiting,
			];
		}
	}

	private function show( string $format ): void {
		$unlike = $this->counts['compared'] - $this->counts['agree'] - $this->counts['deleted'];
		if ( $format === 'count' ) {
			\WP_CLI::line( (string) $unlike );
		} elseif ( $format === 'json' ) {
			\WP_CLI::line( (string) wp_json_encode( $this->counts + [ 'differences' => $this->shown ] ) );
		} else {
			$this->showTable();
			if ( $unlike === 0 ) {
				/* translators: %d: a number of tickets */
				\WP_CLI::success( sprintf( __( '%d tickets agree.', 'ticket-metadata' ), $this->counts['agree'] ) );
			}
		}
		if ( $unlike > 0 ) {
			\WP_CLI::halt( 1 );
		}
	}

	private function showTable(): void {
		if ( $this->shown !== [] ) {
			$asText = static function ( array $difference ): array {
				return array_map( [ self::class, 'text' ], $difference );
			};
			\WP_CLI\Utils\format_items( 'table', array_map( $asText, $this->shown ), [ 'bridge', 'ticket', 'field', 'here', 'there', 'waiting' ] );
		}
		\WP_CLI::log(
			sprintf(
				/* translators: numbers of tickets */
				__( 'Compared: %1$d. Agree: %2$d. Differ: %3$d. Not in the service: %4$d. Unreadable there: %5$d. Of those that do not agree, waiting in the outbox: %6$d.', 'ticket-metadata' ),
				$this->counts['compared'],
				$this->counts['agree'],
				$this->counts['differ'],
				$this->counts['missing'],
				$this->counts['unreadable'],
				$this->counts['waiting']
			)
		);
		if ( $this->counts['deleted'] > 0 ) {
			/* translators: %d: a number of tickets */
			\WP_CLI::log( sprintf( __( 'Deleted in the service, and so not there: %d.', 'ticket-metadata' ), $this->counts['deleted'] ) );
		}
		/* translators: %d: a number of tickets */
		\WP_CLI::log( sprintf( __( 'Newer in the service than in MySQL: %d.', 'ticket-metadata' ), $this->counts['not_mysql'] ) );
	}

	/**
	 * A subject is what a customer typed, which must not steer the terminal.
	 *
	 * @param mixed $value
	 */
	private static function text( $value ): string {
		return Text::line( is_string( $value ) ? $value : (string) wp_json_encode( $value ), self::TEXT_LENGTH_MAX );
	}

	private static function isUnlike( ComparedTicket $ticket ): bool {
		return ! in_array( $ticket->state, [ ComparedTicket::AGREES, ComparedTicket::DELETED ], true );
	}
}
