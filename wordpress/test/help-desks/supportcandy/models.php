<?php
/**
 * Its objects of rows. As there: properties by __get() alone, so that isset() finds none; a reference is an object, also
 * of a row that is gone, whose properties are empty; a property that there is not raises PHP's warning.
 */

abstract class SupportCandy_Row {

	protected const TABLE = '';

	/** @var array<string, string> class by column: WPSC_Agent|several where there are several, DateTime for a date, empty for what stands for itself */
	protected const SCHEMA = [];

	private array $data      = [];
	private bool $isModified = false;

	public function __construct( $id = 0 ) {
		global $wpdb;
		$row = (int) $id > 0 ? $wpdb->get_row( $wpdb->prepare( 'SELECT * FROM ' . static::table() . ' WHERE id = %d', $id ), ARRAY_A ) : null;
		foreach ( (array) $row as $column => $value ) {
			$this->data[ $column ] = $value ?? '';
		}
	}

	public static function table(): string {
		global $wpdb;
		return "{$wpdb->prefix}psmsc_" . static::TABLE;
	}

	public function to_array(): array {
		return $this->data;
	}

	/** @return mixed */
	public function __get( string $name ) {
		$type  = explode( '|', static::SCHEMA[ $name ] );
		$value = $this->data[ $name ] ?? '';
		if ( isset( $type[1] ) ) {
			return array_map( [ self::class, 'of' ], array_fill( 0, count( array_filter( explode( '|', $value ) ) ), $type[0] ), array_filter( explode( '|', $value ) ) );
		}
		return $type[0] === '' || (string) $value === '' || (string) $value === '0' ? $value : self::of( $type[0], $value );
	}

	/** @param mixed $value */
	public function __set( string $name, $value ): void {
		if ( ! isset( $this->data[ $name ] ) || in_array( $name, [ 'id', 'date_created' ], true ) ) {
			return;
		}
		$text = implode( '|', array_map( [ self::class, 'text' ], is_array( $value ) ? $value : [ $value ] ) );
		if ( (string) $this->data[ $name ] !== $text ) {
			$this->data[ $name ] = $text;
			$this->isModified    = true;
		}
	}

	public function save(): bool {
		global $wpdb;
		if ( ! $this->isModified ) {
			return true;
		}
		$this->isModified = false;
		$data             = $this->data;
		unset( $data['id'] );
		return (bool) $wpdb->update( static::table(), $data, [ 'id' => $this->data['id'] ] );
	}

	/** @return static|false */
	public static function insert( array $data ) {
		global $wpdb;
		return $wpdb->insert( static::table(), $data ) ? new static( $wpdb->insert_id ) : false;
	}

	/** @return static[] many rows, in one statement */
	public static function find( string $condition ): array {
		global $wpdb;
		$found = [];
		foreach ( $wpdb->get_results( 'SELECT a.* FROM ' . static::table() . " a WHERE (1=1) AND ($condition) GROUP BY a.id ORDER BY a.name ASC", ARRAY_A ) as $row ) {
			$one       = new static();
			$one->data = array_map( 'strval', $row );
			$found[]   = $one;
		}
		return $found;
	}

	private static function of( string $class, string $value ): object {
		return new $class( $value );
	}

	/** @param mixed $value */
	private static function text( $value ): string {
		if ( $value instanceof DateTime ) {
			return $value->format( 'Y-m-d H:i:s' );
		}
		return (string) ( is_object( $value ) ? $value->id : $value );
	}
}

final class WPSC_Status extends SupportCandy_Row {
	protected const TABLE  = 'statuses';
	protected const SCHEMA = [ 'id' => '', 'name' => '', 'load_order' => '' ];
}

final class WPSC_Priority extends SupportCandy_Row {
	protected const TABLE  = 'priorities';
	protected const SCHEMA = [ 'id' => '', 'name' => '', 'load_order' => '' ];
}

final class WPSC_Category extends SupportCandy_Row {
	protected const TABLE  = 'categories';
	protected const SCHEMA = [ 'id' => '', 'name' => '', 'load_order' => '' ];
}

final class WPSC_Customer extends SupportCandy_Row {
	protected const TABLE  = 'customers';
	protected const SCHEMA = [ 'id' => '', 'user' => '', 'ticket_count' => '', 'name' => '', 'email' => '' ];

	/** Who has an address is one customer: the one that is there is answered. */
	public static function insert( array $data ) {
		global $wpdb;
		$id = $wpdb->get_var( $wpdb->prepare( 'SELECT id FROM ' . self::table() . ' WHERE email = %s', $data['email'] ) );
		return $id ? new self( $id ) : parent::insert( $data );
	}
}

final class WPSC_Agent extends SupportCandy_Row {
	protected const TABLE  = 'agents';
	protected const SCHEMA = [ 'id' => '', 'user' => '', 'name' => '', 'unresolved_count' => '', 'is_agentgroup' => '', 'is_active' => '' ];
}

class WPSC_Ticket extends SupportCandy_Row {
	protected const TABLE  = 'tickets';
	protected const SCHEMA = [
		'id'             => '',
		'is_active'      => '',
		'subject'        => '',
		'status'         => 'WPSC_Status',
		'priority'       => 'WPSC_Priority',
		'category'       => 'WPSC_Category',
		'customer'       => 'WPSC_Customer',
		'assigned_agent' => 'WPSC_Agent|several',
		'tags'           => '',
		'date_created'   => 'DateTime',
		'date_updated'   => 'DateTime',
		'date_closed'    => 'DateTime',
		'last_reply_on'  => 'DateTime',
		'last_reply_by'  => 'WPSC_Customer',
		'source'         => '',
		'auth_code'      => '',
	];
}

final class WPSC_Archive_Ticket extends WPSC_Ticket {
	protected const TABLE = 'archived_tickets';
}

final class WPSC_Thread extends SupportCandy_Row {
	protected const TABLE  = 'threads';
	protected const SCHEMA = [ 'id' => '', 'ticket' => 'WPSC_Ticket', 'customer' => 'WPSC_Customer', 'type' => '', 'body' => '' ];
}
