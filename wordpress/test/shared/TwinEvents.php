<?php
namespace TicketMetadata\Test;

/** Random events, the same ones for the same seed. */
final class TwinEvents {

	/** What happens how often. */
	private const WEIGHTS = [
		'add' => 14, 'update' => 24, 'exchange' => 3, 'delete' => 8, 'deleteValue' => 3, 'deleteOfAll' => 1, 'get' => 10, 'all' => 2, 'exists' => 3, 'keys' => 1,
		'getRow' => 5, 'updateRow' => 5, 'deleteRow' => 5, 'select' => 1, 'join' => 1, 'write' => 1, 'rollBack' => 1, 'query' => 1, 'forget' => 1, 'save' => 1,
	];

	private const KEYS = [ 'a', 'a', 'a', 'b', 'b', 'c', 'd', 'A', 'ä', "it's", 'back\\slash', '%s', '0', '', 'chain', 'look', 'cut', 'a ' ];

	public function __construct( int $seed ) {
		mt_srand( $seed );
	}

	public function number( int $max ): int {
		return mt_rand( 1, $max );
	}

	/** @return array[] events: a name and arguments */
	public function page( int $steps ): array {
		$page = [];
		for ( $i = 0; $i < $steps; $i++ ) {
			$page[] = $this->event();
		}
		return $page;
	}

	private function event(): array {
		$name = $this->weighted();
		$of   = [
			'add'         => fn(): array => [ $this->key(), $this->value(), mt_rand( 0, 3 ) === 0 ],
			'update'      => fn(): array => [ $this->key(), $this->value(), mt_rand( 0, 4 ) === 0 ? $this->value() : '' ],
			'exchange'    => fn(): array => [ $this->key(), $this->value() ],
			'delete'      => fn(): array => [ $this->key(), mt_rand( 0, 1 ) === 0 ? $this->value() : '' ],
			'deleteValue' => fn(): array => [ $this->key() ],
			'deleteOfAll' => fn(): array => [ mt_rand( 0, 1 ) === 0 ],
			'get'         => fn(): array => [ $this->key(), mt_rand( 0, 1 ) === 0 ],
			'all'         => fn(): array => [ mt_rand( 0, 1 ) === 0 ],
			'exists'      => fn(): array => [ $this->key() ],
			'getRow'      => fn(): array => [ mt_rand( 0, 30 ) ],
			'updateRow'   => fn(): array => [ mt_rand( 0, 30 ), $this->value(), mt_rand( 0, 2 ) === 0 ? 'moved' : false ],
			'deleteRow'   => fn(): array => [ mt_rand( 0, 30 ) ],
			'write'       => fn(): array => [ 'foreign ' . mt_rand( 0, 9 ) ],
			'rollBack'    => fn(): array => [ 'c', $this->value() ],
			'query'       => fn(): array => [ 'b' ],
			'save'        => fn(): array => [ 'Title ' . mt_rand( 0, 9 ), $this->value() ],
		];
		return array_merge( [ $name ], isset( $of[ $name ] ) ? $of[ $name ]() : [] );
	}

	private function weighted(): string {
		$at = mt_rand( 1, array_sum( self::WEIGHTS ) );
		foreach ( self::WEIGHTS as $name => $weight ) {
			$at -= $weight;
			if ( $at <= 0 ) {
				return $name;
			}
		}
	}

	private function key(): string {
		return self::KEYS[ mt_rand( 0, count( self::KEYS ) - 1 ) ];
	}

	/** @return mixed */
	private function value() {
		$object = (object) [ 'of' => 'an object', 'list' => [ 1.5, null ] ];
		$values = [
			'one', 'one', 'two', 'ONE', 'one ', 'three', '', '0', 0, -7, 1000000007, 1.25, true, false, null, [], [ 'x' => [ 'y' ] ], [ "it's", 'a\\b' ], $object,
			'a:1:{i:0;i:1;}', 's:1:"x";', "it's", 'back\\\\slash', 'a\\\'b', '%d %s', 'ünïcode', '😀', "new\nline", "bad \xff byte", str_repeat( 'long ', 200 ), '2026-11-29 10:00:00',
		];
		return $values[ mt_rand( 0, count( $values ) - 1 ) ];
	}
}
